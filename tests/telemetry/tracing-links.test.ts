import { describe, expect, it } from 'vitest';
import { LaneRuntime } from '../../src/lane-runtime.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { isRows, type RowBatch } from '../../src/model/rows.ts';
import { joinSpanRefs, spanRefsMax, type SpanRef } from '../../src/model/trace.ts';
import { mergeBatches, splitBatch } from '../../src/sinks/reshape-batch.ts';
import { batchOf, laneOf } from '../support/batches.ts';
import { silent } from '../support/owner.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const second = 1_000;
const spanOf = (batch: number): SpanRef => ({ traceId: `trace ${batch}`, spanId: `span ${batch}` });

/** A lane of one-second bars whose batches of ticks are called by where they begin. */
function laneWith(traced: boolean): { runtime: LaneRuntime; clock: VirtualClock; rows: () => RowBatch[] } {
  const instruments = new InstrumentTable();
  instruments.intern('venue', 'S');
  const clock = new VirtualClock();
  const runtime = new LaneRuntime(laneOf(), { position: 0, state: null }, {
    instruments, specs: parseBarSpecs(['1s']), clock, shards: [0], sourceShare: 1, lanesOfSource: () => 1, sinkPolicy: 'drop_oldest',
    events: { ...silent, batchTaken: (_, batch) => (traced ? spanOf(batch.position[0]) : null) },
    bars: {
      specs: ['1s'], out_of_orderness_ms: 0, allowed_lateness_ms: 2_000, max_future_skew_ms: 300_000,
      max_jump_ms: 604_800_000, idle_ms: 5_000,
    },
    admission: { ids: 'absent', zero_size: 'reject', off_market: 'exclude', nonpositive_price: 'reject', from: null, until: null },
    pipeline: { batch_size: 500, flush_ms: 100, max_bytes: 512_000 },
    queues: {
      op_queue_max: 200, sink_queue_max: 200, op_queue_bytes_max: 1e9, sink_queue_bytes_max: 1e9, drop_policy: 'oldest',
    },
    checkpoints: { intervalMs: 1e9, write: () => Promise.resolve('written'), encode: () => Promise.resolve(new Uint8Array(1)) },
  });
  return { runtime, clock, rows: () => runtime.sinkQueues[0].items.filter(isRows) };
}

describe('rows', () => {
  it('know the batches of ticks that made them, and no other', async () => {
    const { runtime, clock, rows } = laneWith(true);
    void runtime.run();
    const beginMs = clock.nowMs();
    const read = (position: number, atMs: number): void =>
      void runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: beginMs + atMs, position }]));
    read(0, 0); // Opens a bar and makes no row.
    read(1, 500);
    read(2, second); // Closes the first bar.
    read(3, second + 500);
    read(4, 2 * second); // Closes the second.
    await clock.advance(200);
    read(5, 3 * second); // Closes the third, in a batch of rows of its own.
    await clock.advance(200);
    expect(rows().map(({ madeBy }) => madeBy?.map(({ spanId }) => spanId))).toEqual([['span 2', 'span 4'], ['span 5']]);
  });

  it('know nothing where nobody traces', async () => {
    const { runtime, clock, rows } = laneWith(false);
    void runtime.run();
    for (let n = 0; n < 3; n++) void runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: clock.nowMs() + n * second, position: n }]));
    await clock.advance(200);
    expect(rows().map((batch) => Object.keys(batch).includes('madeBy'))).toEqual([false]);
  });

  it('know a bounded number of batches, however many made them', async () => {
    const { runtime, clock, rows } = laneWith(true);
    const beginMs = clock.nowMs();
    for (let n = 0; n < spanRefsMax + 60; n++) {
      void runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: beginMs + n * second, position: n }]));
    }
    void runtime.run();
    await clock.advance(200);
    expect(rows().map(({ madeBy }) => madeBy?.length)).toEqual([spanRefsMax]);
  });

  it('that are written together know all of theirs, once each, and so do the halves of what is divided', async () => {
    const { runtime, clock, rows } = laneWith(true);
    void runtime.run();
    const beginMs = clock.nowMs();
    for (let n = 0; n < 4; n++) {
      void runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: beginMs + n * second, position: n }]));
      await clock.advance(200);
    }
    const { merged } = mergeBatches(rows());
    const made = [1, 2, 3].map(spanOf);
    expect(merged.madeBy).toEqual(made);
    expect(splitBatch(merged).map(({ madeBy }) => madeBy)).toEqual([made, made]);
    const [one, two] = [spanOf(1), spanOf(2)];
    expect(joinSpanRefs([[one], undefined, [one, two]])).toEqual([one, two]);
  });
});
