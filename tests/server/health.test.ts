import { describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/model/status.ts';
import { healthLimits, judge } from '../../src/server/health.ts';
import type { Health, HealthRow } from '../../src/server/health.ts';
import { RecentStatus } from '../../src/server/recent.ts';
import { laneStatusOf, noTicks, queueOf, sourceOf, statusOf } from '../support/pipeline-status.ts';

const startedAtMs = statusOf().startedAtMs;
const sink = statusOf().sink;
const later = (ms: number): Pick<PipelineStatus, 'nowMs'> => ({ nowMs: startedAtMs + ms });

function rowOf(health: Health, part: HealthRow['part'], name?: string): HealthRow {
  return health.rows.find((row) => row.part === part && (name === undefined || row.name.startsWith(name)))!;
}

interface Rule {
  readonly when: string;
  readonly now: PipelineStatus;
  readonly before?: PipelineStatus;
  readonly part: HealthRow['part'];
  readonly name?: string;
  readonly status: HealthRow['status'];
  /** What the message must say. */
  readonly says: RegExp;
}

const lane = (overrides: Parameters<typeof laneStatusOf>[0]): Pick<PipelineStatus, 'lanes'> =>
  ({ lanes: [laneStatusOf(overrides)] });
const watermarks = [{ venue: 'binance', watermarkMs: startedAtMs }];

const notReached = { store: { ...statusOf().store, kind: 'unknown' } } as const;

const rules: readonly Rule[] = [
  { when: 'nothing is wrong', now: statusOf(), part: 'pipeline', status: 'healthy', says: /running/ },
  { when: 'it drains', now: statusOf({ phase: 'draining' }), part: 'pipeline', status: 'degraded', says: /shutting down/ },
  { when: 'it has stopped', now: statusOf({ phase: 'stopped' }), part: 'pipeline', status: 'unhealthy', says: /stopped/ },

  { when: 'a source starts', now: statusOf({ sources: [sourceOf({ state: 'starting' })] }), part: 'source',
    status: 'healthy', says: /starting/ },
  { when: 'a source still starts after 30 s',
    now: statusOf({ ...later(healthLimits.sourceStartMsMax + 1), sources: [sourceOf({ state: 'starting' })] }),
    part: 'source', status: 'degraded', says: /nothing in 30 s.*settings/ },
  { when: 'a source waits for the database', now: statusOf({ ...later(60_000), ...notReached, sources: [sourceOf({ state: 'starting' })] }),
    part: 'source', status: 'healthy', says: /waits until the database is ready/ },
  { when: 'the database was not reached yet', now: statusOf({ ...later(healthLimits.sourceStartMsMax), ...notReached }),
    part: 'store', status: 'healthy', says: /not been reached yet/ },
  { when: 'the database is not ready after 30 s', now: statusOf({ ...later(healthLimits.sourceStartMsMax + 1), ...notReached }),
    part: 'store', status: 'degraded', says: /not been ready in 30 s.*log.*DATABASE_URL/ },
  { when: 'a source backs off', now: statusOf({ sources: [sourceOf({ state: 'backing-off', problem: 'Connection refused.' })] }),
    part: 'source', status: 'degraded', says: /Connection refused\./ },
  { when: 'a source has failed', now: statusOf({ sources: [sourceOf({ state: 'failed', problem: 'No such file: x.csv.' })] }),
    part: 'source', status: 'unhealthy', says: /No such file: x\.csv\..*restart/ },
  { when: 'a source has ended', now: statusOf({ sources: [sourceOf({ state: 'ended', items: 12_477 })] }),
    part: 'source', status: 'healthy', says: /12,477 records/ },

  { when: 'ticks were dropped in the last minute', now: statusOf(lane({ ticks: { ...noTicks, dropped: { 'op-queue/oldest': 500 } } })),
    part: 'lane', status: 'degraded', says: /500 ticks dropped/ },
  { when: 'ticks were dropped longer ago',
    now: statusOf(lane({ ticks: { ...noTicks, dropped: { 'op-queue/oldest': 500 } } })),
    before: statusOf(lane({ ticks: { ...noTicks, dropped: { 'op-queue/oldest': 500 } } })),
    part: 'lane', status: 'healthy', says: /0 ticks in the last minute/ },
  { when: 'ticks come and event time stands still', now: statusOf(lane({ ticksIn: 100, watermarks })),
    before: statusOf(lane({ ticksIn: 10, watermarks })), part: 'lane', status: 'degraded', says: /stands still at 2023-11-14/ },
  { when: 'ticks come and event time moves',
    now: statusOf(lane({ ticksIn: 100, watermarks: [{ venue: 'binance', watermarkMs: startedAtMs + 1 }] })),
    before: statusOf(lane({ ticksIn: 10, watermarks })), part: 'lane', status: 'healthy', says: /90 ticks in the last minute/ },
  { when: 'no ticks come', now: statusOf(lane({ ticksIn: 10, watermarks })), before: statusOf(lane({ ticksIn: 10, watermarks })),
    part: 'lane', status: 'healthy', says: /0 ticks in the last minute/ },

  { when: 'the sink queue is four fifths full', now: statusOf(lane({ sinkQueue: queueOf('sink', { depth: 160 }) })),
    part: 'queue', name: 'sink', status: 'healthy', says: /160 of 200/ },
  { when: 'the sink queue is fuller', now: statusOf(lane({ sinkQueue: queueOf('sink', { depth: 161 }) })),
    part: 'queue', name: 'sink', status: 'degraded', says: /161 of 200.*held back; nothing is lost/ },
  { when: 'the sink queue is full of bytes', now: statusOf(lane({ sinkQueue: queueOf('sink', { depth: 1, bytes: 900_000 }) })),
    part: 'queue', name: 'sink', status: 'degraded', says: /held back/ },
  { when: 'the op queue of a source that can be paused is full', now: statusOf(lane({ opQueue: queueOf('op', { depth: 8 }) })),
    part: 'queue', name: 'op', status: 'healthy', says: /8 of 8/ },
  { when: 'the op queue of a live connection is full',
    now: statusOf(lane({ pausable: false, opQueue: queueOf('op', { depth: 8 }) })),
    part: 'queue', name: 'op', status: 'degraded', says: /data is dropped/ },
  { when: 'a queue has dropped in the last minute', now: statusOf(lane({ sinkQueue: queueOf('sink', { dropped: 3 }) })),
    part: 'queue', name: 'sink', status: 'degraded', says: /3 batches dropped/ },

  { when: 'writes are tried again', now: statusOf({ sink: { ...sink, state: 'retrying', problem: 'Connection refused.' } }),
    part: 'sink', status: 'degraded', says: /Connection refused\. Rows wait; nothing is lost/ },
  { when: 'the breaker is open for a short while',
    now: statusOf({ ...later(60_000), sink: { ...sink, state: 'open', lastCommitAtMs: startedAtMs + 10_000 } }),
    part: 'sink', status: 'degraded', says: /probed every 30 s/ },
  { when: 'the breaker is open and nothing was written for 75 s',
    now: statusOf({ ...later(86_000), sink: { ...sink, state: 'open', lastCommitAtMs: startedAtMs + 10_000 } }),
    part: 'sink', status: 'unhealthy', says: /76 s.*Bring the database back/ },
  { when: 'the breaker is open and nothing was ever written',
    now: statusOf({ ...later(76_000), sink: { ...sink, state: 'open' } }), part: 'sink', status: 'unhealthy', says: /76 s/ },
  { when: 'the sink has failed', now: statusOf({ sink: { ...sink, state: 'failed', problem: 'Run mdp migrate.' } }),
    part: 'sink', status: 'unhealthy', says: /Run mdp migrate\./ },

  { when: 'the database is the embedded one', now: statusOf({ store: { ...statusOf().store, embedded: true } }),
    part: 'store', status: 'healthy', says: /not for production\. Set DATABASE_URL/ },
  { when: 'compression is off', now: statusOf({ store: { ...statusOf().store, compression: false } }),
    part: 'store', status: 'healthy', says: /compression off/ },

  { when: 'a tick is unaccounted for', now: statusOf({ ticks: { ...noTicks, received: 1 } }),
    part: 'ledger', name: 'ticks', status: 'unhealthy', says: /^1 of the ticks went in and cannot be found\./ },
  { when: 'a row came from nowhere', now: statusOf({ rows: { ...statusOf().rows, committed: 1 } }),
    part: 'ledger', name: 'rows', status: 'unhealthy', says: /^1 more rows came out than went in\./ },
];

describe('a row of health', () => {
  it.each(rules)('is $status when $when', ({ now, before, part, name, status, says }) => {
    const row = rowOf(judge(now, before ?? null), part, name);
    expect(row.message).toMatch(says);
    expect(row.status).toBe(status);
  });

  it('is a full sentence, whatever it says', () => {
    for (const { now, before } of rules) {
      for (const { message } of judge(now, before ?? null).rows) expect(message).toMatch(/^[A-Z0-9].*\.$/s);
    }
  });
});

describe('health', () => {
  it('is as bad as its worst row', () => {
    for (const { now, before } of rules) {
      const { status, rows } = judge(now, before ?? null);
      const order = ['healthy', 'degraded', 'unhealthy'] as const;
      expect(status).toBe(order[Math.max(...rows.map((row) => order.indexOf(row.status)))]);
    }
  });

  it('has a row for every source, lane and queue, the sink, the store and both ledgers', () => {
    const { rows } = judge(statusOf({
      sources: [sourceOf({ name: 'a' }), sourceOf({ name: 'b' })],
      lanes: [laneStatusOf({ name: 't/a' }), laneStatusOf({ name: 't/b/0' })],
    }), null);
    expect(rows.map(({ part, name }) => `${part} ${name}`)).toEqual([
      'pipeline test', 'source a', 'source b', 'lane t/a', 'lane t/b/0',
      'checkpoint t/a', 'checkpoint t/b/0', 'queue op t/a', 'queue sink t/a',
      'queue op t/b/0', 'queue sink t/b/0', 'sink timescale', 'store timescaledb', 'ledger ticks', 'ledger rows',
    ]);
  });

  it('says when a lane gets no checkpoint any more, and why', () => {
    const checkpoint = {
      writtenAtMs: 1_000, position: 70_000, bytes: 900, written: 1, failed: 0, problem: null, intervalMs: 10_000, behindSinceMs: 5_000,
    };
    const rowAt = (nowMs: number, problem: string | null): { status: string; message: string } | undefined =>
      judge(statusOf({ nowMs, lanes: [laneStatusOf({ checkpoint: { ...checkpoint, problem } })] }), null)
        .rows.find(({ part }) => part === 'checkpoint');
    expect(rowAt(65_000, 'no room')).toMatchObject({ status: 'healthy', message: 'The last one, 64 s ago, stands at position 70,000 and has 900 bytes.' });
    expect(rowAt(65_001, 'no room')).toMatchObject({ status: 'degraded', message: expect.stringContaining('no room') });
    expect(rowAt(65_001, null)).toMatchObject({ status: 'degraded', message: expect.stringContaining('see the sink') });
  });

  it('tells of an event loop that stood still, where a watchdog looks', () => {
    const turns = judge(statusOf(), null, { longestStallMs: 0, stalledMs: 90_000 });
    expect(rowOf(turns, 'event-loop')).toMatchObject({ status: 'healthy', message: 'It turns.' });
    const stood = judge(statusOf(), null, { longestStallMs: 2_500, stalledMs: 90_000 });
    expect(rowOf(stood, 'event-loop')).toMatchObject({ status: 'degraded', message: expect.stringMatching(/still for 2\.5 s .*late/) });
    expect(rowOf(judge(statusOf(), null), 'event-loop')).toBeUndefined();
  });

  it('survives times that no calendar knows', () => {
    for (const watermarkMs of [Infinity, -Infinity, NaN, 1e300]) {
      const odd = statusOf(lane({ watermarks: [{ venue: 'x', watermarkMs }] }));
      expect(judge(odd, null).status).toBe('healthy');
    }
  });
});

describe('what is recent', () => {
  it('is compared with the status of about a minute ago, and of none before there is one', () => {
    let nowMs = startedAtMs;
    const recent = new RecentStatus(() => statusOf({ nowMs }), 60_000);
    for (; nowMs < startedAtMs + 300_000; nowMs += 5_000) {
      recent.sample();
      const before = recent.before(nowMs);
      if (nowMs - startedAtMs < 60_000) expect(before).toBeNull();
      else expect(nowMs - before!.nowMs).toBe(60_000);
    }
  });

  it('stays a minute although nobody sampled for long', () => {
    let nowMs = startedAtMs;
    const recent = new RecentStatus(() => statusOf({ nowMs }), 60_000);
    recent.sample();
    nowMs += 3_600_000;
    expect(recent.before(nowMs)!.nowMs).toBe(startedAtMs);
  });
});
