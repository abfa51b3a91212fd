import { expect } from 'vitest';
import type { Database } from '../../../src/postgres.ts';
import { differencesOf } from '../../oracle/compare.ts';
import { foldLog } from '../../oracle/fold.ts';
import { valueDifferences } from '../../oracle/values.ts';
import { linesOf, type Feed } from '../feeds.ts';
import { storedGaps, storedLateTicks, storedTable, storedValues } from '../stored-table.ts';
import type { Trial } from './trial.ts';
import { reached } from '../reached.ts';

const limit = { deadlineMs: 60_000 };

/** What a daemon may take, whatever happens to it: some 90 MiB are Node, the pipeline, and the server beside it. */
const residentBytesBound = 320 * 1_048_576;

export interface Expected {
  /** How often the fault happened, counted where it happens. */
  readonly faults: number;
  /** Whether records must have been read a second time. */
  readonly readAgain: boolean;
  /** Tellings of each lane; all rows are of the last one. */
  readonly generation?: number;
}

/**
 * What must be true after every fault, once the logs were read to their end: the tables are the oracle's in every field;
 * both ledgers balanced at every look; no position or stamp went back, and no older telling wrote beside a newer one;
 * memory stayed under its bound; the checkpoint has come to the end; the fault did happen, and records were read again.
 */
export async function expectInvariants(trial: Trial, expected: Expected): Promise<void> {
  const { lookout, database, ground: { journal }, name } = trial;
  expect(lookout.problems).toEqual([]);
  expect(lookout.looks).toBeGreaterThan(0);
  expect(lookout.residentBytesMax).toBeLessThan(residentBytesBound);
  expect(await journal.problems(name)).toEqual([]);
  for (const feed of trial.feeds) await expectTables(trial, feed, [expected.generation ?? 1]);
  expect(await journal.count('takes', name)).toBe(trial.feeds.length * (expected.generation ?? 1));
  expect(await laneWaits(database)).toBe(0);
  reached('a fault', expected.faults > 0);
  if (expected.readAgain) reached('records that are read again', trial.recordsReadAgain > 0);
}

/** Everything stored of one log is what the oracle makes of it. `generations` are those that its bars are of, in order. */
export async function expectTables(trial: Trial, feed: Feed, generations: readonly number[]): Promise<void> {
  const { database } = trial;
  const lane = trial.laneOf(feed);
  const { rows: [taken] } = await database.query<{ startMs: number }>(limit,
    'SELECT (extract(epoch FROM start_time) * 1000)::double precision AS "startMs" FROM lanes WHERE name = $1', [lane]);
  const log = await feed.log(taken.startMs);
  const oracle = foldLog(log, feed.settings);
  const venues = [...new Set(log.map((record) => (record.kind === 'tick' ? record.venue : '')))];
  expect(oracle.bars.length).toBeGreaterThan(0);
  expect(differencesOf(oracle.bars, await storedTable(database, venues)).slice(0, 20)).toEqual([]);
  const values = await storedValues(database, venues);
  const hasLosses = log.some((record) => record.kind === 'gap' && record.reason !== 'venue-outage');
  expect(valueDifferences(oracle.bars, values, { lines: linesOf(), hasLosses }).slice(0, 20)).toEqual([]);
  const lateTicks = oracle.lateTicks.map((tick) => ({ ...tick, tradeId: tick.tradeId === null ? null : String(tick.tradeId) }));
  expect(await storedLateTicks(database, lane)).toEqual(lateTicks.sort((a, b) => a.position - b.position));
  const gaps = log.filter((record) => record.kind === 'gap').map(({ position, venue, fromMs, untilMs, reason }) => (
    { position, venue, fromMs, untilMs, reason }));
  expect(await storedGaps(database, lane)).toEqual(gaps);
  expect(await lettersOf(database, lane)).toEqual(oracle.ledger.rejected);
  expect(await generationsOf(database, lane)).toEqual(generations);
  const last = log.filter((record) => record.kind !== 'gap').at(-1)!;
  const end = last.kind === 'end' ? last.position : last.position + 1;
  const { rows: [stored] } = await database.query(limit,
    'SELECT generation, position FROM lane_checkpoints WHERE lane = $1', [lane]);
  expect(stored).toEqual({ generation: generations.at(-1), position: end });
}

/** Dead letters of a lane, by reason. */
async function lettersOf(database: Database, lane: string): Promise<Record<string, number>> {
  const { rows } = await database.query<{ reason: string; count: number }>(
    limit, 'SELECT reason, count(DISTINCT (position, counter)) AS count FROM dead_letters WHERE lane = $1 GROUP BY reason', [lane]);
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
}

async function generationsOf(database: Database, lane: string): Promise<number[]> {
  const { rows } = await database.query<{ generation: number }>(
    limit, 'SELECT DISTINCT generation FROM bars WHERE lane = $1 ORDER BY 1', [lane]);
  return rows.map((row) => row.generation);
}

/** Transactions of the pipeline that are still open: nobody may leave one behind. */
async function laneWaits(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: number }>(limit,
    `SELECT count(*) AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'mdp%' AND application_name <> 'mdp-test'
        AND xact_start IS NOT NULL`);
  return rows[0].count;
}
