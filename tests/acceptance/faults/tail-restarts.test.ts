import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import type { ActualBar } from '../../oracle/compare.ts';
import { foldLog } from '../../oracle/fold.ts';
import type { LogTick } from '../../oracle/log.ts';
import { faultSettings } from '../../support/faults/fault-log.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { TailLog } from '../../support/faults/tail-log.ts';
import { journalOptions, prepareGround, Trial, type TrialGround } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { storedTable } from '../../support/stored-table.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const limit = { deadlineMs: 30_000 };
const hourMs = 3_600_000;
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const bars = { specs: faultSettings.specs, out_of_orderness_ms: 500, allowed_lateness_ms: 3_000, idle_ms: 1_000 };

const realTurn = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 1); });

function isWriting({ lanes, sink }: PipelineStatus): boolean {
  return lanes.length === 0 || sink.workersBusy > 0 || lanes.some((lane) => lane.sinkQueue.depth > 0);
}

describe.skipIf(why !== null)(`a pipeline at the end of a log that others append to, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let ground: TrialGround;
  let log: TailLog;
  let clock: VirtualClock;
  let random: SeededRandom;
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    ground = await prepareGround(postgres);
    log = new TailLog(faultSettings);
    clock = new VirtualClock(Date.UTC(2026, 0, 5, 21));
    random = new SeededRandom(seed);
  });

  const trialOf = (name: string, feed = log.feed): Trial =>
    new Trial(ground, { seed, records: Infinity, perSecond: 1, name, feeds: [feed], sections: { bars, sink: { workers: 2 } } });

  const start = (trial: Trial, from: TailLog, intervalMs: number): Promise<PipelineRun> => PipelineRun.start(trial, {
    clock, untilEnd: false, partOf: from.partOf, sections: { checkpoint: { interval_ms: intervalMs } },
  });

  /** Trades of two venues that happened just now, up to a second ago. */
  const trades = (count: number): Omit<LogTick, 'position' | 'tradeId'>[] => Array.from({ length: count }, () => ({
    kind: 'tick', venue: `venue-${random.between(1, 2)}`, symbol: random.pick(['A', 'B', 'C']), price: random.between(90, 110),
    size: random.between(1, 9), side: 'buy', eventTimeMs: clock.nowMs() - random.between(0, 400), logTimeMs: null,
    receivedTimeMs: Infinity, offMarket: false,
  }));

  /** Lets time pass in steps and looks at every one. The server takes no part of that time. */
  const pass = async (run: PipelineRun, ms: number, stepMs = 50): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      await clock.advance(stepMs);
      for (let turn = 0; turn < 500 && !run.hasEnded && isWriting(run.look()); turn++) await realTurn();
    }
  };

  /** Everything that was read is stored, and a checkpoint holds it. */
  const settled = async (run: PipelineRun): Promise<void> => {
    for (let turn = 0; ; turn++) {
      const { rows, ticks, lanes } = run.look();
      const isBehind = lanes.some((lane) => lane.checkpoint.behindSinceMs !== null || lane.position !== log.length);
      if (lanes.length > 0 && rows.inFlight + ticks.inFlight === 0 && !isBehind) return;
      if (turn > 5_000) throw new Error(JSON.stringify(run.look(), null, 1));
      await clock.advance(2);
      await realTurn();
    }
  };

  const stop = async (run: PipelineRun): Promise<void> => {
    run.shutdown.request('SIGTERM');
    for (let turn = 0; turn < 5_000 && !run.hasEnded; turn++) await pass(run, 2, 2);
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
  };

  const laneRow = async (): Promise<object> =>
    (await ground.database.query(limit, "SELECT * FROM lanes WHERE name = 'sleepy/tail'")).rows[0];

  it('an idle lane keeps its lane over a night', async () => {
    const trial = trialOf('sleepy');
    const run = await start(trial, log, 100);
    for (let second = 0; second < 20; second++) {
      log.append(trades(10));
      await pass(run, 1_000);
    }
    await pass(run, 70_000, 1_000);
    await settled(run);
    const evening = { lane: await laneRow(), status: run.look().lanes[0] };
    expect(evening.status.barsOutByState.provisional).toBeGreaterThan(0);

    const another = trialOf('another', new TailLog(faultSettings).feed);
    let hours = 0;
    for (; hours < 10; hours++) {
      await pass(run, hourMs, 20_000);
      const other = await start(another, new TailLog(faultSettings), 100);
      await pass(other, 2_000);
      await stop(other);
    }
    const night = run.look();
    expect(night.phase).toBe('running');
    expect(await laneRow()).toEqual(evening.lane);
    expect(night.lanes).toEqual([evening.status]);
    expect([night.ticks.dropped, night.rows.dropped, night.sources[0].state]).toEqual([{}, {}, 'reading']);

    for (let second = 0; second < 20; second++) {
      log.append(trades(10));
      await pass(run, 1_000, 500);
    }
    await stop(run);
    const restart = await start(trial, log, 100);
    log.append(trades(50));
    await pass(restart, 200);
    await stop(restart);
    await expectInvariants(trial, { faults: hours, readAgain: false });
    expect(await ground.journal.count('takes', 'another')).toBe(1);
  });

  it('a slower restart does not flood the server with 23505', async () => {
    const trial = trialOf('slower');
    const first = await start(trial, log, hourMs); // One checkpoint at the start, and no other.
    for (let second = 0; second < 90; second++) {
      log.append(trades(12));
      await pass(first, second % 7 === 3 ? 3_000 : 1_000, 100);
    }
    const known = first.look().sink.rowsCommitted;
    expect(known).toBeGreaterThan(500);
    expect(first.look().lanes[0].barsOutByState.provisional).toBeGreaterThan(50);
    const crashed = first.crash();
    await pass(first, 2_000);
    await crashed;
    const errors = postgres.errors('23505');
    expect(errors).toBe(0);

    // Reads everything again, a checkpoint behind every few rows, and falls silent at other times.
    const slower = await PipelineRun.start(trial, {
      clock, untilEnd: false, partOf: log.partOf, sections: { checkpoint: { interval_ms: 100 } },
      keys: { max_msgs_per_sec: 25, burst: 10 },
    });
    await pass(slower, 60_000, 100);
    for (let second = 0; second < 60; second++) {
      log.append(trades(12));
      await pass(slower, second % 5 === 1 ? 2_600 : 900, 100);
    }
    await settled(slower);
    const { sink, lanes: [lane] } = slower.look();
    expect(sink.rowsCommitted - sink.rowsDirect).toBeGreaterThan(known / 2);
    expect(sink.rowsDirect).toBeGreaterThan(100);
    expect(lane.checkpoint.written).toBeGreaterThan(40);
    expect(lane.barsOutByState.provisional).toBeGreaterThan(20);
    expect(postgres.errors('23505')).toBeLessThanOrEqual(1);
    await stop(slower);
    await expectInvariants(trial, { faults: 1, readAgain: true });
  });

  it('records that were deleted while nobody read them do not beat whole rows', async () => {
    const trial = trialOf('deleted');
    const first = await start(trial, log, hourMs);
    for (let second = 0; second < 75; second++) {
      log.append(trades(12));
      await pass(first, 1_000, 100);
    }
    const crashed = first.crash();
    await pass(first, 2_000);
    await crashed;
    const before = (await closedAndWhole()).map(keyOf);
    const { rows: [checkpoint] } = await ground.database.query<{ position: number }>(limit, 'SELECT position FROM lane_checkpoints');
    const firstLeft = 12 * 40 + 5;
    expect(checkpoint.position).toBeLessThan(firstLeft / 2);
    log.deleteBefore(firstLeft);

    const second = await start(trial, log, 100);
    for (let more = 0; more < 20; more++) {
      log.append(trades(12));
      await pass(second, 1_000, 100);
    }
    await settled(second);
    const { sink, lanes: [lane] } = second.look();
    await stop(second);
    expect(lane.generation).toBe(2);
    expect(lane.gaps).toEqual({ 'deleted-records': 2 });
    expect(sink.rowsOutdated).toBeGreaterThan(4);

    // Nothing that was whole is gone, and what is whole is what the whole log tells.
    const after = await closedAndWhole();
    const told = new Map(foldLog(log.ticks, log.feed.settings).bars.map((bar) => [keyOf(bar), valuesOf(bar)]));
    for (const bar of after) expect(valuesOf(bar), keyOf(bar)).toEqual(told.get(keyOf(bar)));
    const keysAfter = new Set(after.map(keyOf));
    expect(before.length).toBeGreaterThan(300);
    expect(before.filter((key) => !keysAfter.has(key))).toEqual([]);
    expect(await ground.journal.problems('deleted')).toEqual([]);
    expect(trial.lookout.problems).toEqual([]);
  });

  const closedAndWhole = async (): Promise<ActualBar[]> =>
    (await storedTable(ground.database, ['venue-1', 'venue-2'])).filter(({ whole, state }) => whole && state === 3);
});

function keyOf({ venue, symbol, spec, openTimeMs }: ActualBar): string {
  return [venue, symbol, spec, openTimeMs].join(' ');
}

function valuesOf({ open, high, low, close, volume, notional, trades, quality }: ActualBar): object {
  return { open, high, low, close, volume, notional, trades, quality };
}
