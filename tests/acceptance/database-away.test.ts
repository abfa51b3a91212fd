import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Gap } from '../../src/model/gap.ts';
import { gapBytes } from '../../src/model/rows.ts';
import { differencesOf, type ActualBar } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { OracleBar, OracleSettings } from '../oracle/log.ts';
import { AwayRun, queueLimits, workers, type Footprint } from '../support/away-run.ts';

/*
 * One hour of virtual time without an answer from the database. Nothing may grow with it: what a lane may keep is bounded by
 * its queues, by its symbols and specs, and by its open bars.
 */

const settings: OracleSettings = {
  specs: ['1s', '1m'], outOfOrdernessMs: 500, allowedLatenessMs: 2_000, maxFutureSkewMs: 300_000, maxJumpMs: 604_800_000,
  ids: 'absent', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: false, fromMs: null,
  untilMs: null,
};
const wish = { settings, ticksPerSecond: 3, symbols: 40, everyMs: 1_000, burstEvery: 7 };
const minuteMs = 60_000;
/**
 * Dropped batches are told by one gap before the marker of a checkpoint and one behind it. Beside these there are those of
 * good times, and of the last minutes, whose rows the queues still hold.
 */
const batchGapsMax = 2 + 10;
/** Lost rows are told by instrument and spec. */
const gapsMax = 2 * wish.symbols * settings.specs.length + batchGapsMax;
/** The last attempt may have begun just before: its deadline, until the open breaker lets the next one try, and the rest. */
const lagGoneWithinMs = 30_000 + 30_000 + 5_000;
/** What a lane is behind where nothing is wrong: it is told of up to four seconds at once. */
const ticksBehindMax = 5 * wish.ticksPerSecond;
/** Waking up 20 times a second for half an hour: a tenth of what 300 bytes each time would come to. */
const heapGrowthBytesMax = 1_048_576;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memoryBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Everything that can be seen of a pipeline within its bounds. */
function look(run: AwayRun): Footprint {
  expect(run.imbalance()).toEqual({ ticks: 0, rows: 0 });
  const footprint = run.footprint();
  expect(footprint.opBytes).toBeLessThanOrEqual(queueLimits.op_queue_bytes_max);
  const gapBytesMax = run.feed.pausable ? 0 : gapsMax * gapBytes; // They need no capacity.
  expect(footprint.sinkBytes).toBeLessThanOrEqual(queueLimits.sink_queue_bytes_max + gapBytesMax);
  // Beside the batches that count: of each worker's queue a marker, and the gaps before and behind it.
  expect(footprint.items).toBeLessThanOrEqual(queueLimits.op_queue_max + queueLimits.sink_queue_max + 3 * workers);
  expect(footprint.openBars).toBeLessThanOrEqual(wish.symbols * settings.specs.length * 4);
  expect(footprint.checkpoints).toBeLessThanOrEqual(1);
  expect(footprint.sleepers).toBeLessThanOrEqual(workers + 5); // One a worker, and those of source, operators and checkpoint.
  expect(footprint.listeners).toBeLessThanOrEqual(5);
  return footprint;
}

/** An hour, looked at every five seconds. Returns by how much the memory grew in its second half. */
async function spendHourAway(run: AwayRun): Promise<number> {
  await run.clock.advance(2 * minuteMs);
  look(run);
  run.isAway = true;
  const memory = { before: Infinity, after: Infinity };
  for (let minute = 1; minute <= 60; minute++) {
    for (let time = 0; time < 12; time++) {
      await run.clock.advance(5_000);
      look(run);
    }
    if (minute % 5 !== 0 || minute < 20) continue;
    const half = minute <= 30 ? 'before' : 'after';
    if (minute <= 30 || minute >= 50) memory[half] = Math.min(memory[half], memoryBytes());
  }
  return memory.after - memory.before;
}

/** The database answers again, at the worst moment: an attempt has just begun. Returns when the lag was gone, ms later. */
async function comeBack(run: AwayRun): Promise<number> {
  const { clock, feed, pipeline, unanswered } = run;
  await run.until(() => run.unanswered > unanswered, minuteMs);
  run.isAway = false;
  return run.until(() => {
    look(run);
    const isNear = feed.length - run.lane.position <= ticksBehindMax && pipeline.oldestRowAtMs() > clock.nowMs() - 1_000;
    return isNear && pipeline.status().sink.state === 'ok';
  }, 10 * minuteMs);
}

/** Ends it in order once a checkpoint stands behind what was lately read. */
async function finish(run: AwayRun): Promise<void> {
  await run.clock.advance(15_000);
  expect(run.feed.length - run.lane.checkpoint.position!).toBeLessThan(15 * wish.ticksPerSecond);
  run.feed.stop();
  await run.until(() => run.lane.position === run.feed.length, minuteMs);
  await run.end();
  expect(run.imbalance()).toEqual({ ticks: 0, rows: 0 });
  expect(run.unanswered).toBeGreaterThan(100);
}

describe('a database that does not answer for an hour', () => {
  it('makes a lane that can be paused stop reading; then all that came meanwhile is read, and nothing is lost', async () => {
    const run = new AwayRun({ ...wish, pausable: true, policy: 'oldest' });
    expect(await spendHourAway(run)).toBeLessThan(heapGrowthBytesMax);
    expect(run.feed.length - run.lane.position).toBeGreaterThan(55 * 60 * wish.ticksPerSecond);
    expect(run.pipeline.status().rows.inFlight).toBeGreaterThan(0);
    expect(await comeBack(run)).toBeLessThan(lagGoneWithinMs);
    await finish(run);
    expect(run.outcome).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0, lost: {} });
    expect(differencesOf(foldLog(run.feed.log, settings).bars, [...run.store.bars.values()])).toEqual([]);
  }, 120_000);

  it.each(['oldest', 'newest'] as const)('does not stop a live lane; what it drops is on record: %s', async (policy) => {
    const run = new AwayRun({ ...wish, pausable: false, policy });
    expect(await spendHourAway(run)).toBeLessThan(heapGrowthBytesMax);
    expect(run.feed.length - run.lane.position).toBeLessThanOrEqual(ticksBehindMax);
    expect(await comeBack(run)).toBeLessThan(lagGoneWithinMs);
    await finish(run);
    const { ticks, rows } = run.pipeline.status();
    expect(Object.keys(ticks.dropped)).toEqual([`op-queue/${policy}`]);
    expect(Object.keys(rows.dropped)).toEqual([`sink-queue/${policy}`]);
    expect(run.gaps.reduce((sum, gap) => sum + gap.ticksLost, 0)).toBe(ticks.dropped[`op-queue/${policy}`]);
    const { intact, marked, told, silent } = whatBecameOf(run);
    expect(silent).toEqual([]);
    expect(Math.min(intact, marked, told)).toBeGreaterThan(0);
    expect(run.gaps.length).toBeLessThanOrEqual(gapsMax);
    expect(run.gaps.filter(({ reason }) => reason === 'dropped-batch').length).toBeLessThanOrEqual(batchGapsMax);
  }, 120_000);
});

interface Fates {
  /** As the oracle has them, but for the record that closed them: that one may have been dropped. */
  intact: number;
  /** They say themselves that data is missing. */
  marked: number;
  /** Stored gaps of their instrument say that they, or all their ticks, are missing. */
  told: number;
  /** Wrong, and nobody says so. */
  readonly silent: string[];
}

function whatBecameOf(run: AwayRun): Fates {
  const stored = new Map([...run.store.bars.values()].map((bar) => [keyOf(bar), bar]));
  const fates: Fates = { intact: 0, marked: 0, told: 0, silent: [] };
  for (const bar of foldLog(run.feed.log, settings).bars) {
    const found = stored.get(keyOf(bar));
    const differences = differencesOf([bar], found === undefined ? [] : [found], ['position']);
    if (differences.length === 0) fates.intact++;
    else if (found?.quality === 2 && !found.whole) fates.marked++;
    else if (run.gaps.some((gap) => tells(run, gap, bar))) fates.told++;
    else fates.silent.push(...differences);
  }
  return fates;
}

function tells(run: AwayRun, { reason, barSpec, instruments, fromMs, untilMs }: Gap, bar: OracleBar): boolean {
  if (instruments === 'all' || !instruments.some((one) => run.instruments.symbol(one) === bar.symbol)) return false;
  if (reason === 'dropped-rows') return barSpec === bar.spec && fromMs <= bar.openTimeMs && untilMs >= bar.closeTimeMs;
  return fromMs < bar.closeTimeMs && untilMs > bar.openTimeMs;
}

function keyOf({ symbol, spec, openTimeMs }: Pick<ActualBar, 'symbol' | 'spec' | 'openTimeMs'>): string {
  return `${symbol} ${spec} ${openTimeMs}`;
}
