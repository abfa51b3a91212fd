import { describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import type { Health, HealthRow } from '../../../src/server/health.ts';
import { HealthPublisher } from '../../../src/server/stream/health-publisher.ts';
import { laneStatusOf, noTicks, queueOf, statusOf } from '../../support/pipeline-status.ts';
import { FakeHub } from './fake-hub.ts';

const healthy: Health = { status: 'healthy', pipeline: 'test', phase: 'running', rows: [] };
const startMs = 1_700_000_000_000;

function after(seconds: number, overrides: Partial<PipelineStatus> = {}): PipelineStatus {
  return statusOf({ nowMs: startMs + seconds * 1_000, ...overrides });
}

function rig(health: Health = healthy): { hub: FakeHub; see: (status: PipelineStatus) => void } {
  const hub = new FakeHub();
  let status = after(0);
  const publisher = new HealthPublisher({ hub, status: () => status, health: () => health });
  return {
    hub,
    see: (seen) => {
      status = seen;
      publisher.turn();
    },
  };
}

function subscribe(hub: FakeHub): void {
  hub.connect({ send: () => {}, bufferedBytes: 0 }).subscribe(1, [{ channel: 'health' }]);
}

describe('health on the stream', () => {
  it('is told only while somebody is subscribed to anything, and only when it changed', () => {
    const { hub, see } = rig();
    see(after(1));
    expect(hub.health).toEqual([]);
    subscribe(hub);
    see(after(2));
    see(after(3));
    expect(hub.health).toHaveLength(1);
    see(after(4, { ticks: { ...noTicks, late: 1, received: 1 } }));
    expect(hub.health).toHaveLength(2);
    expect(hub.health[1]).toMatchObject({ late: 1, now_ms: startMs + 4_000 });
  });

  it('has the rates of the time since the last one', () => {
    const { hub, see } = rig();
    subscribe(hub);
    const at = (seconds: number, ticks: number, bars: number, rows: number): PipelineStatus => after(seconds, {
      ticks: { ...noTicks, received: ticks }, lanes: [laneStatusOf({ barsOut: bars }), laneStatusOf({ barsOut: bars })],
      sink: { ...statusOf().sink, rowsCommitted: rows },
    });
    see(at(10, 1_000, 100, 50));
    expect(hub.health[0]).toMatchObject({ ticks_per_second: 100, bars_per_second: 20, rows_committed_per_second: 5 });
    see(at(12, 1_300, 107, 51));
    expect(hub.health[1]).toMatchObject({ ticks_per_second: 150, bars_per_second: 7, rows_committed_per_second: 0.5 });
    see(at(13, 1_300, 3, 51)); // A lane was let go, and took its counts along.
    expect(hub.health[2]).toMatchObject({ ticks_per_second: 0, bars_per_second: 0 });
  });

  it('adds up the lanes, and says null where nobody knows', () => {
    const { hub, see } = rig();
    subscribe(hub);
    see(after(1));
    expect(hub.health[0]).toMatchObject({ lag: null, watermark_lag_ms: null });
    const watermarks = (ms: number): { venue: string; watermarkMs: number }[] => [{ venue: 'x', watermarkMs: startMs + ms }];
    see(after(2, {
      lanes: [
        laneStatusOf({ logEnd: 50, position: 30, watermarks: watermarks(500), opQueue: queueOf('op', { depth: 3, dropped: 2 }), gaps: { restart: 2 } }),
        laneStatusOf({ logEnd: 5, position: 4, watermarks: watermarks(1_500), sinkQueue: queueOf('sink', { depth: 9 }) }), laneStatusOf(),
      ],
      ticks: { ...noTicks, received: 10, rejected: { size: 2, price: 1 }, dropped: { 'op-queue/oldest': 4 }, duplicate: 1 },
      rows: { emitted: 9, committed: 1, superseded: 0, setAside: 2, dropped: {}, inFlight: 6 },
      sink: { ...statusOf().sink, breaker: 'open' },
    }));
    expect(hub.health[1]).toMatchObject({
      lag: 21, watermark_lag_ms: 500, op_queue: { depth: 3, capacity: 24, dropped: 2 }, sink_queue: { depth: 9, capacity: 600, dropped: 0 },
      rejected: 3, duplicate: 1, dropped: 4, dead_letters: 5, gaps: 2, ticks_imbalance: 2, rows_imbalance: 0, breaker_open: true,
    });
  });

  it('says what is wrong, the worst first', () => {
    const rows: HealthRow[] = [
      { part: 'source', name: 'a', status: 'healthy', message: 'It reads.' }, { part: 'queue', name: 'b', status: 'degraded', message: 'Full.' },
      { part: 'sink', name: 'c', status: 'unhealthy', message: 'Away.' },
    ];
    const { hub, see } = rig({ ...healthy, status: 'unhealthy', rows });
    subscribe(hub);
    see(after(1));
    expect(hub.health[0]).toMatchObject({
      status: 'unhealthy',
      problems: [{ part: 'sink c', status: 'unhealthy', message: 'Away.' }, { part: 'queue b', status: 'degraded', message: 'Full.' }],
    });
  });
});
