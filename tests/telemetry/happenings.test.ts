import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { LaneEvents } from '../../src/lane-parts.ts';
import type { DeadLetter } from '../../src/model/rows.ts';
import type { ServerEvents } from '../../src/server/context.ts';
import type { SinkPoolEvents } from '../../src/sinks/sink-events.ts';
import type { SourceEvents } from '../../src/sources/run-source.ts';
import { Happenings } from '../../src/telemetry/happenings.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { MetricRegistry } from '../../src/telemetry/registry.ts';
import { laneOf } from '../support/batches.ts';
import { parseExposition } from '../support/exposition.ts';
import { statusOf } from '../support/pipeline-status.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function setUp() {
  const lines: Line[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const logger: Logger = {
    debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), fatal: log('fatal'), audit: log('audit'),
  };
  const clock = new VirtualClock();
  const metrics = new MetricRegistry({
    pipeline: 'test', version: '1', operator: 'time-bars', sinks: ['timescale'], clock, processMetrics: false,
  });
  const happenings = new Happenings({ logger, metrics, clock });
  const scrape = async () =>
    parseExposition(await metrics.scrape({ status: () => statusOf(), takeHighWater: () => ({ op: 0, sink: 0 }) }));
  return { happenings, lines, clock, scrape };
}

const letter = (line: number, reason = 'bad-price'): DeadLetter => ({
  origin: 'tick', reason, message: `The price is "x${line}".`, place: `trades.csv.gz:${line}`, bytes: new Uint8Array(),
  position: line, counter: 0, atMs: 0,
});

describe('the runners', () => {
  it('find in the happenings all that they tell', () => {
    const { happenings } = setUp();
    const asSource: SourceEvents = happenings;
    const asLane: LaneEvents = happenings;
    const asSink: SinkPoolEvents = happenings.sink;
    const asServer: ServerEvents = happenings.server;
    expect([asSource, asLane, asSink, asServer]).not.toContain(undefined);
  });
});

describe('a lane that is taken up', () => {
  it('is said to be so at the beginning, where its checkpoint stands, or without what was open there', () => {
    const { happenings, lines } = setUp();
    happenings.laneTaken(laneOf(), { position: 0, isRestored: false });
    happenings.laneTaken(laneOf(), { position: 4_711, isRestored: true });
    happenings.laneTaken(laneOf({ generation: 2 }), { position: 4_711, isRestored: false });
    expect(lines.map(({ message }) => message)).toEqual([
      'The lane test/source is taken up at the beginning of its log.',
      'The lane test/source is taken up at position 4711, where its last checkpoint stands.',
      'The lane test/source is taken up at position 4711, without what was open there.',
    ]);
    expect(lines.map(({ fields }) => fields['generation'])).toEqual([1, 1, 2]);
  });
});

describe('bad input', () => {
  it('is told with file and line the first time, then summed up every 30 s, each reason for itself', async () => {
    const { happenings, lines, clock } = setUp();
    const stop = new AbortController();
    const running = happenings.run(stop.signal);
    for (let line = 1; line <= 1_000; line++) happenings.recordRejected(laneOf(), letter(line));
    happenings.recordRejected(laneOf(), letter(7, 'bad-time'));
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/bad-price at trades\.csv\.gz:1: The price is "x1"\./),
      expect.stringMatching(/bad-time at trades\.csv\.gz:7/),
    ]);
    await clock.advance(29_999);
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    expect(lines.slice(2)).toEqual([{
      level: 'warn', message: 'A record of test/source was rejected as bad-price 999 more times, last at trades.csv.gz:1000.',
      fields: { source: 'source', lane: 'test/source', reason: 'bad-price', place: 'trades.csv.gz:1000', count: 999 },
    }]);
    stop.abort();
    await running;
  });

  it('that was counted and not told yet is told at the end', async () => {
    const { happenings, lines } = setUp();
    const stop = new AbortController();
    const running = happenings.run(stop.signal);
    for (const line of [1, 2]) happenings.recordRejected(laneOf(), letter(line));
    stop.abort();
    await running;
    expect(lines.at(-1)!.message).toContain('rejected as bad-price once more');
  });
});

describe('the sink', () => {
  it('a commit is observed with its duration and with the age of its oldest row', async () => {
    const { happenings, clock, scrape } = setUp();
    happenings.sink.committed({ sink: 'timescale', lane: laneOf(), rows: 1, openedAtMs: clock.nowMs() - 250 }, 0.02);
    const { value } = await scrape();
    expect(value('mdp_sink_commit_seconds_sum', { sink: 'timescale' })).toBe(0.02);
    expect(value('mdp_sink_row_age_seconds_sum', { sink: 'timescale' })).toBe(0.25);
  });

  it('a breaker that probes in vain is told once, and its end once', () => {
    const { happenings, lines } = setUp();
    for (const state of ['open', 'half-open', 'open', 'half-open', 'open', 'half-open', 'closed'] as const) {
      happenings.sink.breakerChanged('timescale', state);
    }
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('failures of one kind are one line and a sum', () => {
    const { happenings, lines } = setUp();
    for (let failures = 1; failures <= 5; failures++) {
      happenings.sink.failedAttempt({
        sink: 'timescale', lane: laneOf(), rows: 500, kind: 'unavailable', message: `refused ${failures}` });
    }
    expect(lines).toHaveLength(1);
    expect(lines[0].message).toContain('500 rows');
  });
});

describe('a look at the database that fails every second', () => {
  it('is told once with its cause, then summed up every 30 s with the newest', async () => {
    const { happenings, lines, clock } = setUp();
    const stop = new AbortController();
    const running = happenings.run(stop.signal);
    for (let second = 1; second <= 30; second++) happenings.lookFailed('The rules could not be read.', new Error(`refused ${second}`));
    happenings.lookFailed('New alerts could not be read.', new Error('refused'));
    expect(lines.map(({ message }) => message)).toEqual(['The rules could not be read. refused 1', 'New alerts could not be read. refused']);
    await clock.advance(30_000);
    expect(lines.slice(2)).toEqual([{
      level: 'warn', message: 'The rules could not be read. This happened 29 more times, last: refused 30', fields: { count: 29 },
    }]);
    stop.abort();
    await running;
  });

  it('is no other thing than a webhook that does not answer', () => {
    const { happenings, lines } = setUp();
    for (const rule of ['a', 'b', 'c']) happenings.alertNotTold('failed', { rule, problem: 'connect ECONNREFUSED' });
    expect(lines).toMatchObject([{ level: 'warn', fields: { rule: 'a' }, message: expect.stringContaining('connect ECONNREFUSED') as unknown }]);
  });
});

describe('the program', () => {
  it('says once that traces are lost, and then how often', () => {
    const { happenings, lines } = setUp();
    for (let attempt = 0; attempt < 5; attempt++) happenings.tracingTrouble('connect ECONNREFUSED');
    expect(lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('connect ECONNREFUSED') as unknown }]);
  });

  it('says at the end what was lost, or that nothing was', () => {
    const { happenings, lines } = setUp();
    happenings.ended({ ticksLost: 0, rowsLost: 0 });
    happenings.ended({ ticksLost: 3, rowsLost: 14 });
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'Everything that was read is committed.'],
      ['error', 'The end was forced: 3 ticks and 14 rows were given up.'],
    ]);
  });

  it('an error of a source carries its code', () => {
    const { happenings, lines } = setUp();
    happenings.sourceFailed('demo', new MdpError('source-unreadable', 'There is no file trades.csv.'));
    expect(lines[0]).toMatchObject({ level: 'error', fields: { source: 'demo', code: 'source-unreadable' } });
  });

  it('a request is counted under its pattern', async () => {
    const { happenings, scrape } = setUp();
    happenings.server.requestAnswered({ method: 'GET', route: '/api/bars', status: 200, seconds: 0.004 });
    const { value } = await scrape();
    expect(value('mdp_http_request_seconds_count', { method: 'GET', route: '/api/bars', status: '200' })).toBe(1);
  });
});
