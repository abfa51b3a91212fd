import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsImbalance, ticksImbalance, type PipelineStatus, type TickLedger } from '../../src/model/status.ts';
import type { Database } from '../../src/postgres.ts';
import { differencesOf } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { OracleLedger, OracleSettings } from '../oracle/log.ts';
import { valueDifferences } from '../oracle/values.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { TestEmbedded } from '../support/embedded.ts';
import { barsOf, everyIndicator, fileFeed, indicatorsOf, linesOf, syntheticFeed, type Feed } from '../support/feeds.ts';
import { scenarios } from '../support/log-generator.ts';
import { randomSettings } from '../support/log-steps.ts';
import { storedGaps, storedLateTicks, storedTable, storedValues } from '../support/stored-table.ts';

/** MDP_DAEMON_RUNS asks for more daemons, MDP_SEED for the logs of an earlier run. */
const runs = Number(process.env['MDP_DAEMON_RUNS'] ?? 2);
const seed = Number(process.env['MDP_SEED'] ?? Date.now() % 2 ** 31);
const logsOfEachKind = 5;

describe.each(Array.from({ length: runs }, (_, run) => seed + run))('the whole daemon (seed %i)', (seedOfRun) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-oracle-'));
  // The generator begins now: whether its first tick lies in the future must not hang on a few seconds of our clock.
  const bars = { ...sample(randomSettings(true), seedOfRun), maxFutureSkewMs: 300_000 };
  const feeds = [
    ...Array.from({ length: logsOfEachKind }, (_, index) => randomFile(`file-${index}`, seedOfRun + index)),
    ...Array.from({ length: logsOfEachKind }, (_, index) => randomGenerator(`made-${index}`, seedOfRun + index)),
  ];
  const names = feeds.map(({ entry }) => entry.name);
  let embedded: TestEmbedded;
  let database: Database;
  let daemon: DaemonProcess;
  let status: PipelineStatus;

  beforeAll(async () => {
    embedded = await TestEmbedded.start();
    database = embedded.connect();
    daemon = new DaemonProcess({
      config: JSON.stringify({
        name: 'test', sources: feeds.map(({ entry }) => entry),
        bars: barsOf(bars), indicators: indicatorsOf(bars, everyIndicator),
      }),
      environment: { DATABASE_URL: embedded.url },
    });
    status = await settled(daemon);
  });

  afterAll(async () => {
    await daemon.stop();
    await embedded.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(names)('agrees with the oracle on %s: table, late ticks, gaps and ledger', async (name) => {
    const { log: read, settings } = feeds.find(({ entry }) => entry.name === name)!;
    const lane = status.lanes.find(({ source }) => source === name)!;
    const log = await read(await startTimeOf(database, lane.name));
    const expected = foldLog(log, settings);
    expect(ledgerOf(lane.ticks)).toEqual(expected.ledger);
    const venues = [...new Set(log.map((record) => (record.kind === 'tick' ? record.venue : '')))];
    expect(differencesOf(expected.bars, await storedTable(database, venues))).toEqual([]);
    expect(valueDifferences(expected.bars, await storedValues(database, venues), { lines: linesOf(everyIndicator) })).toEqual([]);
    const lateTicks = expected.lateTicks.map((tick) => (
      { ...tick, tradeId: tick.tradeId === null ? null : String(tick.tradeId) })); // Ids are text in the table.
    expect(await storedLateTicks(database, lane.name)).toEqual(lateTicks.sort((a, b) => a.position - b.position));
    const gaps = log.filter((record) => record.kind === 'gap').map(({ position, venue, fromMs, untilMs, reason }) => (
      { position, venue, fromMs, untilMs, reason }));
    expect(await storedGaps(database, lane.name)).toEqual(gaps);
  });

  it('met logs that are worth it', () => {
    expect(status.ticks.aggregated).toBeGreaterThan(2_000);
    expect(status.ticks.late).toBeGreaterThan(0);
  });

  function randomFile(name: string, seedOfLog: number): Feed {
    const { log, settings } = sample(scenarios({ stepsMax: 2_000, asFile: true, given: barsOnly(bars) }), seedOfLog);
    const ticks = log.filter((record) => record.kind === 'tick')
      .map((tick) => ({ ...tick, venue: `${tick.venue} of ${name}`, receivedTimeMs: Date.now() }));
    return fileFeed({ name, directory, ticks, settings });
  }

  function randomGenerator(name: string, seedOfLog: number): Feed {
    const settings = { ...sample(randomSettings(true), seedOfLog), ...barsOnly(bars), complete: true };
    return syntheticFeed({ name, directory, settings, keys: sample(disorders, seedOfLog) });
  }
});

/** A generator with everything that can be wrong in its log. */
const disorders = fc.record({
  seed: fc.nat(),
  speed: fc.constant('max'),
  count: fc.integer({ min: 500, max: 3_000 }),
  symbols: fc.integer({ min: 1, max: 8 }),
  venues: fc.integer({ min: 1, max: 3 }),
  ticks_per_second: fc.constantFrom(2, 50, 2_000),
  disorder_share: fc.constantFrom(0, 0.2), disorder_ms: fc.constantFrom(100, 2_000, 20_000),
  late_share: fc.constantFrom(0, 0.1), late_ms: fc.constantFrom(1_000, 30_000),
  duplicate_share: fc.constantFrom(0, 0.1),
  poison_share: fc.constantFrom(0, 0.01),
  outage_every_s: fc.constantFrom(0, 20, 120), outage_s: fc.constantFrom(1, 30),
});

function sample<T>(arbitrary: fc.Arbitrary<T>, seedOfSample: number): T {
  return fc.sample(arbitrary, { numRuns: 1, seed: seedOfSample })[0];
}

function barsOnly(settings: OracleSettings): Partial<OracleSettings> {
  const { specs, outOfOrdernessMs, allowedLatenessMs, maxFutureSkewMs, maxJumpMs } = settings;
  return { specs, outOfOrdernessMs, allowedLatenessMs, maxFutureSkewMs, maxJumpMs };
}

/** The status once all sources have ended and every row is committed. Both ledgers balance at every look until then. */
async function settled(daemon: DaemonProcess): Promise<PipelineStatus> {
  for (;;) {
    const now = await daemon.status<PipelineStatus>();
    expect([ticksImbalance(now.ticks), rowsImbalance(now.rows)]).toEqual([0, 0]);
    expect(now.sources.filter(({ state }) => state === 'failed')).toEqual([]);
    const isRead = now.lanes.length === now.sources.length && now.sources.every(({ state }) => state === 'ended');
    if (isRead && now.ticks.inFlight === 0 && now.rows.inFlight === 0) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function startTimeOf(database: Database, lane: string): Promise<number> {
  const { rows } = await database.query<{ startMs: number }>({ deadlineMs: 10_000 },
    'SELECT (extract(epoch FROM start_time) * 1000)::double precision AS "startMs" FROM lanes WHERE name = $1', [lane]);
  return rows[0].startMs;
}

function ledgerOf({ received, aggregated, duplicate, late, excluded, rejected, held }: TickLedger): OracleLedger {
  return { received, aggregated, duplicate, late, excluded, rejected, held };
}
