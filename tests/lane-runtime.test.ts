import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BarColumns } from '../src/model/bar.ts';
import type { CheckpointMarker, LaneState } from '../src/model/checkpoint.ts';
import type { Gap } from '../src/model/gap.ts';
import type { IndicatorColumns } from '../src/model/indicator.ts';
import type { Lane } from '../src/model/lane.ts';
import type { LaneView, LiveListener } from '../src/model/live.ts';
import { isRows, type SinkItem } from '../src/model/rows.ts';
import { ticksImbalance } from '../src/model/status.ts';
import type { TickBatch } from '../src/model/tick-batch.ts';
import { RetiredLanes } from '../src/retired-lanes.ts';
import { bench, ticksFrom, type Bench } from './lane-bench.ts';
import { batchOf } from './support/batches.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const live = { receivedTimeMs: 2e12, atLogEnd: true };

describe('a lane', () => {
  it('makes a source that can be paused wait, and loses nothing', async () => {
    const made = bench({ pausable: true });
    const { runtime } = made;
    const entered: boolean[] = [];
    for (let n = 0; n < 5; n++) {
      void runtime.receive(batchOf(runtime.lane, ticksFrom(made, n * 10, 10))).then((result) => entered.push(result));
    }
    await made.clock.advance(0);
    expect(entered).toEqual([true, true]);
    expect(runtime.ticks()).toMatchObject({ received: 50, inFlight: 50, dropped: {} });
    expect(ticksImbalance(runtime.ticks())).toBe(0);
    void runtime.run();
    await made.clock.advance(1_000);
    expect(entered).toHaveLength(5);
    expect(runtime.ticks()).toMatchObject({ received: 50, aggregated: 50, inFlight: 0 });
  });

  it('closes by the clock what a silent venue leaves open, at its time, and sleeps until then', async () => {
    const made = bench({ pausable: true });
    const { runtime, clock } = made;
    const receivedTimeMs = clock.nowMs();
    await runtime.receive(batchOf(runtime.lane, ticksFrom(made, 0, 1), { receivedTimeMs, atLogEnd: true }));
    void runtime.run();
    const emittedAfter = async (ms: number): Promise<number> => {
      await clock.advance(ms);
      return runtime.rows().emitted;
    };
    expect(await emittedAfter(2_000)).toBe(0);
    const woken: number[] = [];
    clock.wait = (ms, signal) => {
      woken.push(clock.nowMs() - receivedTimeMs);
      return VirtualClock.prototype.wait.call(clock, ms, signal);
    };
    expect(await emittedAfter(2_999)).toBe(0);
    expect(woken).toEqual([]);
    expect(await emittedAfter(1)).toBe(1); // The second has waited for idle_ms.
    expect(await emittedAfter(499)).toBe(1);
    expect(await emittedAfter(1)).toBe(2); // The five seconds have waited for their end and out_of_orderness_ms.
  });

  it('takes its checkpoints apart from other lanes that were taken up with it, and none later', async () => {
    const takenAfterMs: number[] = [];
    for (let n = 0; n < 20; n++) {
      const { runtime, clock, states } = bench({ pausable: true, name: `test/source/${n}` });
      const begunAtMs = clock.nowMs();
      void runtime.run();
      for (let position = 0; states.length < 2; position++) {
        await runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: begunAtMs, instrument: 0, position }]));
        await clock.advance(100);
        for (const queue of runtime.sinkQueues) {
          for (let item = queue.tryTake(); item !== undefined; item = queue.tryTake()) if (!isRows(item)) item.pass();
        }
      }
      takenAfterMs.push(clock.nowMs() - begunAtMs);
    }
    expect(Math.max(...takenAfterMs)).toBeLessThanOrEqual(11_200);
    const together = takenAfterMs.map((ms) => takenAfterMs.filter((other) => Math.abs(other - ms) < 100).length);
    expect(Math.max(...together)).toBeLessThanOrEqual(4);
  });

  it('drops the oldest ticks of a live connection on record: the bars say so', async () => {
    const made = bench({ pausable: false });
    const { runtime } = made;
    for (let n = 0; n < 5; n++) void runtime.receive(batchOf(runtime.lane, ticksFrom(made, n * 10, 10), live));
    expect(runtime.ticks().dropped).toEqual({ 'op-queue/oldest': 30 });
    void runtime.run();
    await made.clock.advance(1_000);
    expect(runtime.ticks()).toMatchObject({ received: 50, aggregated: 20 });
    expect(runtime.status().gaps).toEqual({ 'dropped-batch': 1 });
    const gaps = runtime.sinkQueues.flatMap((queue) => queue.items).filter(isRows).flatMap((batch) => batch.gaps);
    expect(gaps).toMatchObject([{ reason: 'dropped-batch', ticksLost: 30 }]);
  });

  it('gives up rows of a live connection on record, as gaps of their instrument and spec', async () => {
    const made = bench({ pausable: false });
    const { runtime } = made;
    void runtime.run();
    for (let second = 0; second < 60; second++) {
      await runtime.receive(batchOf(runtime.lane, ticksFrom(made, second * 100, 100), live));
      await made.clock.advance(100);
    }
    const rows = runtime.rows();
    expect(Object.keys(rows.dropped)).toEqual(['sink-queue/oldest']);
    expect(made.rowsImbalance()).toBe(0);
    const gaps = runtime.sinkQueues.flatMap((queue) => queue.items).filter(isRows).flatMap((batch) => batch.gaps);
    expect(new Set(gaps.map((gap) => gap.barSpec))).toEqual(new Set(['1s', '5s']));
    // Merged by instrument and spec: a flood of losses takes no more room than the instruments there are.
    expect(gaps.length).toBeLessThanOrEqual(10 * 2 * 2);
  });

  it('says up to where its bars can change no more, and that a complete log has nothing to come behind its end', async () => {
    for (const complete of [true, false]) {
      const made = bench({ pausable: true, complete });
      const { runtime } = made;
      const startMs = made.clock.nowMs();
      void runtime.run();
      await runtime.receive(batchOf(runtime.lane, ticksFrom(made, 0, 10)));
      await made.clock.advance(1_000);
      const untilMs = new Map([['venue', startMs + 90 - 500 - 2_000]]);
      expect(runtime.horizons()).toEqual({ lane: 'test/source', generation: 1, untilMs, endsAtMs: Infinity });
      await runtime.receive({ kind: 'end', lane: runtime.lane, position: 10 });
      await made.clock.advance(1_000);
      expect(runtime.horizons()).toMatchObject({ untilMs, endsAtMs: complete ? -Infinity : Infinity });
    }
  });

  it('has nothing to come behind its bounds', async () => {
    const untilMs = new VirtualClock().nowMs() + 10_000;
    const made = bench({ pausable: true, untilMs });
    void made.runtime.run();
    for (const [first, horizonMs] of [[0, untilMs - 12_410], [2_000, untilMs]] as const) {
      await made.runtime.receive(batchOf(made.runtime.lane, ticksFrom(made, first, 10)));
      await made.clock.advance(0);
      expect(made.runtime.horizons()).toMatchObject({ untilMs: new Map([['venue', horizonMs]]), endsAtMs: untilMs });
    }
  });

  it('names everything that a forced end leaves behind, and both ledgers balance', async () => {
    const made = bench({ pausable: true });
    const { runtime } = made;
    const running = runtime.run();
    for (let n = 0; n < 40; n++) void runtime.receive(batchOf(runtime.lane, ticksFrom(made, n * 100, 100)));
    await made.clock.advance(1_000);
    runtime.abandon();
    await made.clock.advance(1_000);
    await running;
    expect(runtime.ticks().inFlight).toBe(0);
    expect(runtime.ticks().dropped['op-queue/forced-end']).toBeGreaterThan(0);
    expect(ticksImbalance(runtime.ticks())).toBe(0);
    expect(made.rowsImbalance()).toBe(0);
  });

  it('keeps both ledgers exact at every look, whatever comes and goes', async () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('receive' as const), n: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ act: fc.constant('take' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ act: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 200 }) }),
    );
    const setting = fc.record({
      pausable: fc.boolean(), opPolicy: fc.constantFrom('oldest' as const, 'newest' as const),
      sinkPolicy: fc.constantFrom('drop_oldest' as const, 'drop_newest' as const),
    });
    await fc.assert(fc.asyncProperty(setting, fc.array(step, { maxLength: 60 }), async (options, steps) => {
      const made = bench(options);
      const { runtime } = made;
      void runtime.run();
      let first = 0;
      for (const { act, n } of steps) {
        if (act === 'receive') {
          void runtime.receive(batchOf(runtime.lane, ticksFrom(made, first, n), options.pausable ? {} : live));
          first += n * 7;
        }
        if (act === 'take') for (const queue of runtime.sinkQueues) for (let k = 0; k < n; k++) take(made, queue.tryTake());
        if (act === 'wait') await made.clock.advance(n);
        if (ticksImbalance(runtime.ticks()) !== 0 || made.rowsImbalance() !== 0) return false;
        const dropped = Object.keys(runtime.ticks().dropped).length + Object.keys(runtime.rows().dropped).length;
        if (options.pausable && dropped > 0) return false;
      }
      return true;
    }), { numRuns: 150 });
  });
});

/** All bars that wait for the sink. */
function barsOf({ runtime }: Bench): { openTimeMs: number; spec: number; trades: number; close: number }[] {
  const batches = runtime.sinkQueues.flatMap((queue) => queue.items).filter(isRows);
  return batches.flatMap(({ bars }) => Array.from({ length: bars.length }, (_, row) => (
    { openTimeMs: bars.openTimeMs[row], spec: bars.spec[row], trades: bars.trades[row], close: bars.close[row] })));
}

describe('a lane that was there before', () => {
  /** Ticks of one symbol in the same five seconds, the last of which is beyond them. */
  const openMs = 1_700_000_000_000;
  const ticksAt = (made: Bench, seconds: readonly number[], first: number): Promise<boolean> => made.runtime.receive(
    batchOf(made.runtime.lane, seconds.map((second, n) => (
      { eventTimeMs: openMs + second * 1_000, instrument: 0, position: first + n })), live));

  async function stateBehind(seconds: readonly number[]): Promise<LaneState> {
    const made = bench({ pausable: true });
    void made.runtime.run();
    await ticksAt(made, seconds, 0);
    await made.clock.advance(2_000);
    return made.states[0];
  }

  it('that is on its way out is not done before its last checkpoint has left every queue', async () => {
    const made = bench({ pausable: true });
    const { runtime } = made;
    const retired = new RetiredLanes();
    void runtime.run();
    await runtime.receive(batchOf(runtime.lane, ticksFrom(made, 0, 3)));
    retired.add(runtime);
    let isWritten = false;
    void runtime.written().then(() => { isWritten = true; });
    await made.clock.advance(10);
    expect(runtime.sinkQueues.flatMap((queue) => queue.items).map(isRows)).toEqual([false, false]);
    for (const queue of runtime.sinkQueues) {
      expect([retired.release(), isWritten]).toEqual([[], false]);
      (queue.tryTake() as CheckpointMarker).pass();
      await made.clock.advance(10);
    }
    expect([retired.release(), isWritten]).toEqual([[runtime], true]);
  });

  it('goes on with what was open when its checkpoint was taken', async () => {
    const made = bench({ pausable: true, beginning: { position: 3, state: await stateBehind([0.1, 1.1, 1.2]) } });
    expect(made.runtime.status().position).toBe(3);
    void made.runtime.run();
    await ticksAt(made, [2.1, 6], 3);
    await made.clock.advance(200);
    expect(barsOf(made).filter(({ spec }) => spec === 1)).toMatchObject([{ openTimeMs: openMs, trades: 4 }]);
  });

  it('has in its open bars what was stored since then', async () => {
    const stored = {
      venue: 'venue', symbol: 'S0', openTimeMs: openMs + 2_000, open: 1, high: 900, low: 1, close: 7, volume: 20,
      notional: 140, trades: 20, buyVolume: 20, sellVolume: 0,
    };
    const beginning = { position: 3, state: await stateBehind([0.1, 1.1, 1.2]), storedBars: [stored] };
    const made = bench({ pausable: false, beginning });
    void made.runtime.run();
    await ticksAt(made, [6], 3);
    await made.clock.advance(200);
    expect(barsOf(made).filter(({ spec }) => spec === 1)).toMatchObject([{ openTimeMs: openMs, trades: 23, close: 7 }]);
  });
});

function take(made: Bench, item: SinkItem | undefined): void {
  if (item === undefined) return;
  if (isRows(item)) made.taken.push(item);
  else item.pass();
}

/** Writes down what it is told, in words. */
class Diary implements LiveListener {
  readonly told: string[] = [];
  view: LaneView | null = null;

  laneOpened(view: LaneView): void {
    this.view = view;
    this.told.push('opened');
  }

  laneClosed(): void {
    this.told.push('closed');
  }

  ticksFolded(_: LaneView, ticks: TickBatch): void {
    this.told.push(`ticks ${ticks.length}`);
  }

  barsEmitted(_: LaneView, rows: BarColumns): void {
    const specs = new Set(rows.spec.subarray(0, rows.length));
    this.told.push(`bars of spec ${[...specs].join()}: ${rows.length}`);
  }

  valuesEmitted(_: LaneView, rows: IndicatorColumns): void {
    this.told.push(`values ${rows.length}`);
  }

  gapRecorded(_: LaneView, gap: Gap): void {
    this.told.push(`gap ${gap.reason}`);
  }

  settled(): void {
    this.told.push('settled');
  }
}

describe('who looks at a lane', () => {
  const gapOf = (lane: Lane, fromMs: number): Gap => ({
    kind: 'gap', lane, position: 50, instruments: 'all', venue: 'all', fromMs, untilMs: fromMs + 10, reason: 'venue-outage',
    ticksLost: 0,
  });

  it('hears what it folds in order: rows, the ticks that made them, gaps, and that each of them is over', async () => {
    const diary = new Diary();
    const made = bench({ pausable: true, live: diary });
    const { runtime, clock } = made;
    const startMs = clock.nowMs();
    void runtime.run();
    await runtime.receive(batchOf(runtime.lane, ticksFrom(made, 0, 10)));
    await clock.advance(0);
    expect(diary.told).toEqual(['opened', 'ticks 10', 'settled']);
    await runtime.receive(batchOf(runtime.lane, [{ eventTimeMs: startMs + 1_600, instrument: 1, position: 20 }]));
    await runtime.receive(gapOf(runtime.lane, startMs + 100));
    await clock.advance(0);
    expect(diary.told.slice(3)).toEqual([
      'bars of spec 0: 10', 'ticks 1', 'settled', // Ten symbols of the first second.
      'gap venue-outage', 'bars of spec 0: 10', 'settled', // And once more, for they lack something.
    ]);
    runtime.opQueue.close();
    await clock.advance(1_000);
    expect(diary.told.at(-1)).toBe('closed');
  });

  it('hears of admitted ticks only, and of nothing where none was', async () => {
    const diary = new Diary();
    const made = bench({ pausable: true, live: diary });
    const { runtime, clock } = made;
    const [startMs, lane] = [clock.nowMs(), runtime.lane];
    void runtime.run();
    await runtime.receive(batchOf(lane, [{ eventTimeMs: startMs + 60_000, instrument: 1, position: 1 }]));
    await runtime.receive(batchOf(lane, [{ eventTimeMs: startMs, instrument: 1, position: 2 }]));
    await clock.advance(0);
    expect(diary.told).toEqual(['opened', 'ticks 1', 'settled', 'settled']);
  });

  it('may ask for forming bars from then on', async () => {
    const diary = new Diary();
    const made = bench({ pausable: true, live: diary });
    void made.runtime.run();
    await made.runtime.receive(batchOf(made.runtime.lane, ticksFrom(made, 0, 10)));
    await made.clock.advance(0);
    const bars = new BarColumns(1);
    expect([diary.view!.newestBars(3, 1, bars), diary.view!.newestBars(11, 1, bars)]).toEqual([true, false]);
    expect([bars.length, bars.instrument[0], bars.state[0], bars.trades[0]]).toEqual([1, 3, 1, 1]);
  });

  it('hears nothing more of a telling that was given up', async () => {
    const diary = new Diary();
    const made = bench({ pausable: true, live: diary });
    const { runtime, clock } = made;
    void runtime.run();
    await runtime.receive(batchOf(runtime.lane, ticksFrom(made, 0, 10)));
    await clock.advance(0);
    void runtime.receive(batchOf(runtime.lane, ticksFrom(made, 10, 200)));
    runtime.retire('overtaken');
    runtime.retire('lane-lost');
    await clock.advance(1_000);
    expect(diary.told).toEqual(['opened', 'ticks 10', 'settled', 'closed']);
  });
});
