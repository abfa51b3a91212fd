import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorRecord, inFlightOf, lossesOf } from '../../src/telemetry/crash-report.ts';
import { ReportFiles } from '../../src/telemetry/report-files.ts';
import { laneStatusOf, noTicks, queueOf, statusOf } from '../support/pipeline-status.ts';

describe('what a crash report says of an error', () => {
  it('is its name, code, message and stack, and the same of everything that caused it', () => {
    const cause = Object.assign(new TypeError('no route'), { code: 'ENETUNREACH' });
    const record = errorRecord(new Error('The commit failed.', { cause }));
    expect(record).toMatchObject({ name: 'Error', message: 'The commit failed.', stack: expect.stringContaining('crash-report.test') });
    expect(record.cause).toMatchObject({ name: 'TypeError', message: 'no route', code: 'ENETUNREACH' });
  });

  it('holds the errors that an AggregateError is made of', () => {
    expect(errorRecord(new AggregateError([new Error('first'), 'second'], 'both')).errors)
      .toMatchObject([{ message: 'first' }, { name: 'string', message: "'second'" }]);
  });

  it('ends, also where an error is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(errorRecord(error)).split('"round"').length - 1).toBeLessThan(12);
  });

  it.each([undefined, null, 7, 'text', Object.create(null), { password: 1n }])('is something for %s, which is no error', (thrown) => {
    expect(JSON.stringify(errorRecord(thrown))).toContain('message');
  });
});

describe('what a crash report says was in flight', () => {
  const lane = laneStatusOf({
    name: 'test/a', generation: 3, position: 900, openBars: 7, ticks: { ...noTicks, held: 4, inFlight: 60 },
    opQueue: queueOf('op', { depth: 2 }), sinkQueue: queueOf('sink', { depth: 5 }),
  });

  it('are the stages of each lane, by name, generation and position', () => {
    expect(inFlightOf(statusOf({ lanes: [lane] })).lanes).toEqual([{
      name: 'test/a', generation: 3, position: 900, ticksInFlight: 60, ticksHeld: 4, openBars: 7, opQueueBatches: 2,
      sinkQueueBatches: 5, barsOut: 0,
    }]);
  });

  it('stays readable with a thousand lanes, and says how many it left out', () => {
    const { lanes, lanesLeftOut } = inFlightOf(statusOf({ lanes: Array.from({ length: 1_000 }, () => lane) }));
    expect(lanes.length + lanesLeftOut).toBe(1_000);
    expect(JSON.stringify(lanes).length).toBeLessThan(32_768);
  });

  it('is a sentence for the log', () => {
    const rows = { emitted: 50, committed: 30, superseded: 0, setAside: 0, dropped: { 'forced-end': 2 }, inFlight: 18 };
    expect(lossesOf(inFlightOf(statusOf({ rows, ticks: { ...noTicks, inFlight: 60, held: 4 } }))))
      .toBe('60 ticks and 18 rows were in flight, 4 ticks held, 30 of 50 rows committed, 2 dropped.');
  });
});

describe('files of crash reports', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-reports-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are the newest 20 at most, and nothing else in the directory is touched', () => {
    for (let pid = 0; pid < 30; pid++) {
      const files = new ReportFiles(directory, '2026-01-01T00:00:00.000Z', pid);
      files.write('error', '{}');
      utimesSync(files.pathOf('error'), 1_000 + pid, 1_000 + pid);
    }
    const left = readdirSync(directory).map((name) => Number(/-(\d+)-error/.exec(name)![1])).sort((a, b) => a - b);
    expect(left).toEqual(Array.from({ length: 20 }, (_, index) => index + 10));
  });

  it('have the time of the start, the process and the kind in their names; the directory is made', () => {
    const files = new ReportFiles(path.join(directory, 'new'), '2026-01-02T03:04:05.678Z', 42);
    files.write('stall', '{}');
    expect(readdirSync(path.join(directory, 'new'))).toEqual(['mdp-20260102T030405Z-42-stall.crash.json']);
  });
});
