import { describe, expect, it } from 'vitest';
import { LiveHub } from '../src/live/hub.ts';
import { InstrumentTable } from '../src/model/instruments.ts';
import { isRows, type RowBatch } from '../src/model/rows.ts';
import type { ServerMessage, StreamBar, StreamGap } from '../src/model/stream.ts';
import { bench, benchSpecs, ticksFrom } from './lane-bench.ts';
import { batchOf } from './support/batches.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const symbols = Array.from({ length: 10 }, (_, n) => `S${n}`);
const specs = benchSpecs.map(({ name }) => name);

interface Told {
  readonly bars: StreamBar[];
  readonly gaps: StreamGap[];
}

/** What a client of the hub hears that is subscribed to all bars and gaps. */
function listenTo(hub: LiveHub): Told {
  const told: Told = { bars: [], gaps: [] };
  const client = hub.connect({
    bufferedBytes: 0,
    send: (json) => {
      const message = JSON.parse(json.toString()) as ServerMessage;
      if (message.type !== 'update') return;
      told.bars.push(...message.changes.bars ?? []);
      told.gaps.push(...message.changes.gaps ?? []);
    },
  });
  const bars = symbols.flatMap((symbol) => specs.map((spec) => ({ channel: 'bars', venue: 'venue', symbol, spec } as const)));
  client.subscribe(1, [...bars, { channel: 'gaps' }]);
  return told;
}

/** A lane of a live connection whose sink takes nothing for a minute of ticks, with a hub that listens. */
async function flood(sinkPolicy: 'drop_oldest' | 'drop_newest'): Promise<{ told: Told; stored: Set<string>; waiting: RowBatch[] }> {
  const [clock, instruments] = [new VirtualClock(), new InstrumentTable()];
  const hub = new LiveHub({
    instruments, specs: benchSpecs, indicatorLines: [], clock,
    settings: { conflate_ms: 0, subscriptions_max: 100, buffer_bytes: 67_108_864 },
  });
  const made = bench({ pausable: false, sinkPolicy, live: hub, instruments, clock });
  const { runtime } = made;
  const told = listenTo(hub);
  void runtime.run();
  for (let second = 0; second < 60; second++) {
    await runtime.receive(batchOf(runtime.lane, ticksFrom(made, second * 100, 100), { receivedTimeMs: 2e12, atLogEnd: true }));
    await clock.advance(100);
  }
  const waiting = runtime.sinkQueues.flatMap((queue) => queue.items).filter(isRows);
  runtime.opQueue.close();
  await clock.advance(1_000);
  const stored = new Set<string>();
  for (const { bars } of runtime.sinkQueues.flatMap((queue) => queue.items).filter(isRows)) {
    for (let row = 0; row < bars.length; row++) {
      stored.add(`${instruments.symbol(bars.instrument[row])} ${specs[bars.spec[row]]} ${bars.openTimeMs[row]}`);
    }
  }
  return { told, stored, waiting };
}

describe('rows that a full sink queue gives up', () => {
  it.each(['drop_oldest', 'drop_newest'] as const)('are told to who saw them as gaps of their instrument and spec, with %s', async (policy) => {
    const { told, stored } = await flood(policy);
    const closed = told.bars.filter(({ state }) => state !== 'forming');
    const lost = closed.filter(({ symbol, spec, open_ms: openMs }) => !stored.has(`${symbol} ${spec} ${openMs}`));
    expect(lost.length).toBeGreaterThan(100);
    expect(closed.length).toBeGreaterThan(lost.length);
    const isCovered = (bar: StreamBar): boolean => told.gaps.some(({ venue, symbol, spec, ...gap }) => (
      venue === bar.venue && symbol === bar.symbol && spec === bar.spec && gap.from_ms <= bar.open_ms && gap.until_ms >= bar.close_ms));
    expect(lost.filter((bar) => !isCovered(bar))).toEqual([]);
    expect(new Set(told.gaps.map(({ reason }) => reason))).toEqual(new Set(['dropped-rows']));
    // A gap is told of what is gone and of nothing else: each one holds a bar that was lost.
    const holdsLost = ({ symbol, spec, from_ms: fromMs, until_ms: untilMs }: StreamGap): boolean => lost.some((bar) => (
      bar.symbol === symbol && bar.spec === spec && bar.open_ms >= fromMs && bar.close_ms <= untilMs));
    expect(told.gaps.filter((gap) => !holdsLost(gap))).toEqual([]);
  });

  it('are told as the database will have them: each loss is in a gap that waits to be stored', async () => {
    const { told, waiting } = await flood('drop_oldest');
    const recorded = waiting.flatMap(({ gaps }) => gaps);
    const isRecorded = ({ symbol, spec, from_ms: fromMs, until_ms: untilMs }: StreamGap): boolean => recorded.some((gap) => (
      gap.instruments !== 'all' && gap.instruments.includes(symbols.indexOf(symbol)) && gap.barSpec === spec &&
      gap.fromMs <= fromMs && gap.untilMs >= untilMs));
    expect(told.gaps.length).toBeGreaterThan(20);
    expect(told.gaps.filter((gap) => !isRecorded(gap))).toEqual([]);
  });
});
