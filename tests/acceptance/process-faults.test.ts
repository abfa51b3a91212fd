import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowsImbalance, ticksImbalance, type PipelineStatus } from '../../src/model/status.ts';
import type { Health } from '../../src/server/health.ts';
import type { CrashReport, InFlight } from '../../src/telemetry/crash-report.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { reached } from '../support/reached.ts';

const config = `
name: test
sources: [{ name: demo, type: synthetic, symbols: 5, ticks_per_second: 5000, speed: max }]
bars: { specs: [1s] }
sink: { workers: 1 }
`;
const secret = 'a-key-that-nobody-may-read';

const why = whyNoPostgres();
/** Starts faster than the embedded one, which stands in where there is none. */
let postgres: TestPostgres | null = null;
let [reports, name] = ['', ''];
let running: DaemonProcess | null = null;

beforeAll(async () => {
  if (why === null) postgres = await TestPostgres.start();
});
afterAll(() => postgres?.dispose());

beforeEach(async () => {
  reports = mkdtempSync(path.join(tmpdir(), 'mdp-reports-'));
  name = await postgres?.createDatabase(false) ?? '';
});

afterEach(async () => {
  await running?.stop('SIGKILL');
  rmSync(reports, { recursive: true });
});

interface Wish {
  readonly set: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

function start({ set, environment, nodeFlags }: Wish): DaemonProcess {
  const database = postgres === null ? {} : { DATABASE_URL: postgres.url({ database: name }) };
  running = new DaemonProcess({
    config, args: set.flatMap((one) => ['--set', one]),
    environment: { PIPELINE_CRASH_REPORTS_DIRECTORY: reports, API_KEY: secret, ...database, ...environment },
    ...(nodeFlags === undefined ? {} : { nodeFlags }),
  });
  return running;
}

function reportText(kind: string): string {
  const [file] = readdirSync(reports).filter((name) => name.endsWith(`-${kind}.crash.json`));
  return file === undefined ? '' : readFileSync(path.join(reports, file), 'utf8');
}

function linesOf(log: string): Record<string, unknown>[] {
  return log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

interface StallReport {
  readonly kind: string;
  readonly standsForMs: number;
  readonly stack: readonly string[];
  readonly inFlight: InFlight;
}

async function healthOf(daemon: DaemonProcess): Promise<Health> {
  const response = await fetch(`${await daemon.ready()}/health`);
  return await response.json() as Health;
}

describe('a daemon whose event loop stands still', () => {
  it.each([
    { where: 'a sink worker', at: 'before-commit:15', stack: /failPoint[^]*writeTransaction .*timescale-sink\.ts/ },
    { where: 'an operator', at: 'before-marker:6', stack: /failPoint[^]*operators\/run-operators\.ts/ },
  ])('by $where is ended by SIGKILL, and leaves where the loop stood and what was in flight', async ({ at, stack }) => {
    const daemon = start({ set: [`faults.hang_at=${at}`, 'watchdog.stall_ms=1500', 'checkpoint.interval_ms=200'] });
    await daemon.ended();
    expect(daemon.endedBy).toBe('SIGKILL');
    const report = JSON.parse(reportText('stall')) as StallReport;
    expect(report).toMatchObject({ kind: 'event-loop-stall', standsForMs: 1_500 });
    expect(report.stack.join('\n')).toMatch(stack);
    // As of the last beat before the stall, some of which have passed by then; nothing may have been on its way just then.
    reached('a beat after the first ticks', report.inFlight.ticks.received > 0);
    expect([ticksImbalance(report.inFlight.ticks), rowsImbalance(report.inFlight.rows)]).toEqual([0, 0]);
    expect(report.inFlight.lanes.map((lane) => lane.name)).toEqual(['test/demo']);
    expect(linesOf(daemon.log).at(-1)).toMatchObject({ level: 'fatal', pipeline: 'test', kind: 'event-loop-stall' });
  });

  it('is let live when the whole process was stopped for longer', async () => {
    const daemon = start({ set: ['watchdog.stall_ms=2000', 'sources.demo.speed=1'], environment: { API_KEY: '' } });
    const before = await daemon.status<PipelineStatus>();
    daemon.signal('SIGSTOP');
    await wait(3_000); // The fault itself: half as long again as the watchdog is patient.
    daemon.signal('SIGCONT');
    await eventually(async () => {
      const { nowMs, ticks } = await daemon.status<PipelineStatus>();
      return nowMs - before.nowMs > 5_500 && ticks.received > before.ticks.received;
    });
    const { rows } = await healthOf(daemon);
    expect(rows.find((row) => row.part === 'event-loop')).toMatchObject({ status: 'healthy', message: 'It turns.' });
    expect(reportText('stall')).toBe('');
  });
});

describe('a daemon that meets an error which nothing catches', () => {
  it('ends with 70, and leaves the error and what was in flight, without a secret', async () => {
    const daemon = start({ set: ['faults.throw_at=before-commit:3'] });
    expect(await daemon.ended()).toBe(70);
    const text = reportText('error');
    const report = JSON.parse(text) as CrashReport;
    expect(report).toMatchObject({ kind: 'uncaught-exception', program: { configDigest: expect.any(String) } });
    expect(report.error).toMatchObject({ message: expect.stringContaining('faults.throw_at'), stack: expect.stringContaining('fail-points') });
    expect(report.status!.lanes[0]).toMatchObject({ name: 'test/demo', generation: 1, position: expect.any(Number) });
    expect(report.inFlight!.rows.inFlight).toBeGreaterThan(0);
    expect([ticksImbalance(report.status!.ticks), rowsImbalance(report.status!.rows)]).toEqual([0, 0]);
    expect(linesOf(daemon.log).at(-1)).toMatchObject({ level: 'fatal', kind: 'uncaught-exception' });
    expect(text + daemon.log).not.toContain(secret);
  });
});

describe('a daemon whose heap is full', () => {
  const exhausted = 'faults.exhaust_at=before-commit:2';

  it("leaves Node's report, which shows no environment", async () => {
    const daemon = start({ set: [exhausted], nodeFlags: ['--max-old-space-size=64', '--report-exclude-env'] });
    await daemon.ended();
    expect(daemon.endedBy).toBe('SIGABRT');
    const text = reportText('heap');
    expect(JSON.parse(text)).toMatchObject({ header: { trigger: 'OOMError' }, javascriptHeap: { usedMemory: expect.any(Number) } });
    expect(text).not.toContain(secret);
    expect(text).not.toContain('environmentVariables');
  });

  it.each([
    { where: 'the environment could stand in it', set: [exhausted], nodeFlags: ['--max-old-space-size=64'] },
    { where: 'a secret stands on the command line', set: [exhausted, `server.api_key=${secret}`],
      nodeFlags: ['--max-old-space-size=64', '--report-exclude-env'] },
  ])('leaves none, and has said so at the start, where $where', async ({ set, nodeFlags }) => {
    const daemon = start({ set, nodeFlags });
    await daemon.ended();
    expect(daemon.endedBy).toBe('SIGABRT');
    expect(readdirSync(reports)).toEqual([]);
    expect(daemon.log).toContain('A full heap will leave no report');
  });
});

describe.skipIf(why !== null)(`a fail point of a real process${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  it.each([
    { at: 'after-copy:3', transactions: 2 }, { at: 'before-commit:3', transactions: 2 }, { at: 'after-commit:3', transactions: 3 },
  ])('kills it at the passing that was asked for: $at', async ({ at, transactions }) => {
    const daemon = start({ set: [`faults.kill_at=${at}`] });
    await daemon.ended();
    expect(daemon.endedBy).toBe('SIGKILL');
    const database = postgres!.connect({ database: name });
    const { rows } = await database.query<{ count: number }>(
      { deadlineMs: 10_000 }, 'SELECT count(DISTINCT xmin::text)::int AS count FROM bars');
    expect(rows).toEqual([{ count: transactions }]);
  });
});
