import { describe, expect, it } from 'vitest';
import { differencesOf } from './oracle/compare.ts';
import { foldLog } from './oracle/fold.ts';
import type { LogRecord, LogTick, OracleSettings } from './oracle/log.ts';
import { AwayRun } from './support/away-run.ts';
import type { Scenario } from './support/log-generator.ts';
import { MemoryStore, type StoredBar } from './support/memory-store.ts';
import { Owner } from './support/owner.ts';

const startMs = Date.UTC(2024, 0, 10);
const settings: OracleSettings = {
  specs: ['1s', '1m'], outOfOrdernessMs: 0, allowedLatenessMs: 1_000, maxFutureSkewMs: 300_000, maxJumpMs: 604_800_000,
  ids: 'absent', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: true, fromMs: null, untilMs: null,
};

function tickAt(position: number, overrides: Partial<LogTick> = {}): LogTick {
  return {
    kind: 'tick', position, venue: 'alpha', symbol: `S${position % 2}`, price: 100 + position, size: 1, side: 'buy',
    eventTimeMs: startMs + position * 1_000, tradeId: null, logTimeMs: null, receivedTimeMs: startMs + 86_400_000,
    offMarket: false, ...overrides,
  };
}

/** A tick a second, each a record and a batch of its own: every one closes the second before it. */
function logOf(count: number, overrides: (position: number) => Partial<LogTick> = () => ({})): Scenario {
  const ticks: LogRecord[] = Array.from({ length: count }, (_, position) => tickAt(position, overrides(position)));
  return { settings, cuts: [1], log: [...ticks, { kind: 'end', position: count }] };
}

function expectTable(store: MemoryStore, ...logs: readonly Scenario[]): void {
  expectBars([...store.bars.values()], ...logs);
}

function expectBars(stored: readonly StoredBar[], ...logs: readonly Scenario[]): void {
  const expected = logs.flatMap(({ log }) => foldLog(log, settings).bars);
  expect(differencesOf(expected, stored)).toEqual([]);
}

const noImbalance = { ticks: 0, rows: 0 };

/** A process that has read `count` records, and whose checkpoint of them is not written yet. */
async function ownerAt(store: MemoryStore, log: Scenario, count: number): Promise<Owner> {
  const owner = new Owner(store, { logs: { trades: log } });
  owner.held.add('batch').add('checkpoint');
  await owner.pass(20);
  await owner.letOn('batch', count);
  await owner.pass(300);
  return owner;
}

/** Somebody else reads `count` records, writes a checkpoint of them and dies. */
async function overtakeAt(store: MemoryStore, log: Scenario, count: number): Promise<void> {
  const other = await ownerAt(store, log, count);
  other.held.delete('checkpoint');
  await other.pass(300);
  expect(store.checkpoints.get('test/trades')?.position).toBe(count);
}

describe('a process that another one has overtaken on its lane', () => {
  it('drops its state, reads on from the newer checkpoint, and says so', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = await ownerAt(store, log, 5);
    await overtakeAt(store, log, 40);
    owner.held.delete('checkpoint');
    await owner.pass(300);
    expect(owner.status().lanes).toMatchObject([{ generation: 1, position: 40, overtaken: 1 }]);
    expect(owner.imbalance()).toEqual(noImbalance);
    owner.held.clear();
    await owner.runDry();
    expect(owner.status().sources).toMatchObject([{ state: 'ended', items: 25 }]); // 5, then 20 from position 40 on.
    expect(await owner.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    expectTable(store, log);
  });

  it('reads what nobody else reads, though its own source had come to its end when it was told', async () => {
    const [store, log] = [new MemoryStore(), logOf(200)];
    const owner = await ownerAt(store, log, 5);
    await overtakeAt(store, log, 40);
    owner.held.delete('batch');
    await owner.run(() => owner.status().sources[0].state === 'ended');
    owner.held.clear();
    await owner.runDry();
    expect(owner.status().sources).toMatchObject([{ state: 'ended', items: 200 + 160 }]);
    expect(owner.status().lanes).toMatchObject([{ overtaken: 1 }]);
    expect(await owner.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    expect(owner.imbalance()).toEqual(noImbalance);
    expect(store.checkpoints.get('test/trades')?.position).toBe(200);
    expectTable(store, log);
  });

  it('goes on with its lane though rows that it had emitted before are refused, for a newer telling was begun', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = await ownerAt(store, log, 5);
    await overtakeAt(store, log, 40);
    owner.held.add('commit');
    await owner.letOn('batch', 5);
    await owner.pass(50); // Rows of these five wait for the sink.
    await owner.letOn('checkpoint'); // The store has answered `overtaken` …
    store.nextGeneration('test/trades'); // … then somebody begins to tell the lane anew, and dies …
    await owner.letOn('checkpoint'); // … and only now the answer arrives.
    await owner.pass(300);
    expect(owner.status().lanes).toMatchObject([{ generation: 2, position: 0, overtaken: 1 }]);
    owner.held.clear();
    await owner.runDry();
    expect(owner.status().sources).toMatchObject([{ state: 'ended', problem: null }]);
    expect((await owner.end()).failures).toEqual([]);
    expect(owner.imbalance()).toEqual(noImbalance);
    expectTable(store, log);
  });
});

describe('a lane that somebody tells anew', () => {
  it('is named as failed though its source had ended before its rows were refused', async () => {
    const [store, log] = [new MemoryStore(), logOf(4)];
    const owner = new Owner(store, { logs: { trades: log } });
    owner.held.add('commit').add('checkpoint');
    await owner.run(() => owner.status().sources[0].state === 'ended');
    store.nextGeneration('test/trades');
    owner.held.clear();
    await owner.runDry();
    const { sources, sink, lanesLost } = owner.status();
    expect(sources).toMatchObject([{ state: 'failed', problem: expect.stringContaining('lane test/trades') }]);
    expect([sink.batchesFailed['lane-lost'], lanesLost]).toEqual([2, 1]); // Of each worker one, and it is one lane.
    expect((await owner.end()).failures).toMatchObject([{ code: 'lane-taken' }]);
    expect(owner.imbalance()).toEqual(noImbalance);
    expect(store.bars.size).toBe(0);
  });

  it('is retired and its source failed, and the lanes of other sources go on', async () => {
    const store = new MemoryStore();
    const logs = { one: logOf(60), two: logOf(60, () => ({ venue: 'beta' })) };
    const owner = new Owner(store, { logs });
    owner.held.add('batch');
    await owner.pass(20);
    await owner.letOn('batch', 40);
    await owner.pass(300);
    store.nextGeneration('test/one');
    owner.held.clear();
    await owner.runDry();
    const { sources, lanesLost, ticks } = owner.status();
    expect(lanesLost).toBe(1);
    expect(sources).toMatchObject([
      { name: 'one', state: 'failed', problem: expect.stringContaining('lane test/one') }, { name: 'two', state: 'ended' },
    ]);
    expect(Object.keys(ticks.dropped).filter((reason) => !reason.endsWith('/lane-lost'))).toEqual([]);
    expect(owner.imbalance()).toEqual(noImbalance);
    const outcome = await owner.end();
    expect(outcome.failures.map(({ code }) => code)).toEqual(['lane-taken']);
    expect(store.checkpoints.get('test/two')?.position).toBe(60);
    expect(store.checkpoints.get('test/one')!.position).toBeLessThan(60);
    expectBars([...store.bars.values()].filter(({ lane }) => lane === 'test/two'), logs.two);
  });

  it('is retired by its checkpoint, too, where it has no rows that could be refused', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = await ownerAt(store, log, 1);
    store.nextGeneration('test/trades');
    owner.held.delete('checkpoint');
    await owner.pass(300);
    const { sources, lanesLost, ticks, sink } = owner.status();
    expect(sources).toMatchObject([{ state: 'failed' }]);
    expect([lanesLost, ticks.dropped, sink.batchesFailed]).toEqual([1, {}, {}]);
    expect(store.checkpoints.size).toBe(0);
    expect((await owner.end()).failures).toMatchObject([{ code: 'lane-taken' }]);
    expect(owner.imbalance()).toEqual(noImbalance);
  });
});

describe('a restart', () => {
  it('counts the ticks that were held as restored, and both ledgers balance', async () => {
    // Eight days ahead, and nothing confirms it yet.
    const [store, log] = [new MemoryStore(), logOf(60, (position) => position === 30 ? { eventTimeMs: startMs + 8 * 86_400_000 } : {})];
    await overtakeAt(store, log, 32);
    const owner = new Owner(store, { logs: { trades: log } });
    owner.held.add('batch');
    await owner.pass(100);
    expect(owner.status().ticks).toMatchObject({ received: 0, restored: 1, held: 1, inFlight: 0 });
    expect(owner.imbalance()).toEqual(noImbalance);
    owner.held.clear();
    await owner.runDry();
    await owner.end();
    expect(owner.imbalance()).toEqual(noImbalance);
    expect(owner.status().ticks).toMatchObject({ received: 28, restored: 1, rejected: { 'time-jump': 1 }, aggregated: 28 });
    expectTable(store, log);
  });

  it('begins at the beginning where no checkpoint was written, and leaves the same table', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    await ownerAt(store, log, 45);
    expect(store.checkpoints.size).toBe(0);
    const owner = new Owner(store, { logs: { trades: log } });
    await owner.runDry();
    expect(owner.status().sources).toMatchObject([{ items: 60 }]);
    expectTable(store, log);
    await owner.end();
  });
});

describe('a live lane that is taken up again', () => {
  it('is told up to which time its checkpoint knows all: from there on something is missing', async () => {
    const wish = {
      settings, pausable: false, policy: 'oldest' as const, ticksPerSecond: 3, symbols: 5, everyMs: 1_000, burstEvery: 7,
    };
    const killed = new AwayRun(wish);
    await killed.clock.advance(25_000);
    const { position } = killed.store.checkpoints.get('test/feed')!;
    const newestMs = Math.max(...killed.feed.log.slice(0, position).map(({ eventTimeMs }) => eventTimeMs));
    const next = new AwayRun({ ...wish, store: killed.store });
    await next.clock.advance(0);
    const knownUntilMs = new Map([['alpha', newestMs - settings.outOfOrdernessMs]]);
    expect(next.feed.starts).toMatchObject([{ position, knownUntilMs }]);
    await next.end();
  });
});

describe('a lane that falls silent', () => {
  it('has a checkpoint of all that it read, though the one before was still under way when its last record came', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = await ownerAt(store, log, 5);
    await owner.letOn('batch', 3);
    await owner.pass(500);
    owner.held.delete('checkpoint');
    await owner.pass(500);
    expect(store.checkpoints.get('test/trades')?.position).toBe(8);
    expect(owner.status().lanes[0].checkpoint.behindSinceMs).toBeNull();
  });
});

describe('the end of a run', () => {
  it('writes a last checkpoint of all that was read, though none was due', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = new Owner(store, { logs: { trades: log } });
    owner.held.add('batch');
    await owner.pass(20);
    await owner.letOn('batch', 7);
    owner.held.clear();
    owner.held.add('batch');
    const ending = owner.end();
    await owner.clock.advance(0);
    owner.held.clear(); // A source ends on a record boundary.
    expect(await ending).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    expect(store.checkpoints.get('test/trades')?.position).toBe(7);
  });

  it('by force writes no checkpoint of rows that were given up, and names them', async () => {
    const [store, log] = [new MemoryStore(), logOf(60)];
    const owner = new Owner(store, { logs: { trades: log } });
    owner.held.add('commit');
    await owner.pass(2_000);
    owner.force();
    const outcome = await owner.end();
    expect(outcome.rowsLost).toBeGreaterThan(0);
    expect(outcome.ticksLost).toBeGreaterThan(0);
    expect(store.checkpoints.size).toBe(0);
    expect(store.bars.size).toBe(0);
    expect(owner.imbalance()).toEqual(noImbalance);
    const next = new Owner(store, { logs: { trades: log } });
    await next.runDry();
    await next.end();
    expectTable(store, log);
  });
});
