import { rowsImbalance, sumOf, ticksImbalance, type PipelineStatus, type QueueStatus } from '../../model/status.ts';
import type { StreamHealth } from '../../model/stream.ts';
import type { Health } from '../health.ts';

const severity: readonly Health['status'][] = ['unhealthy', 'degraded'];

/**
 * What the strip and the map of the page show. Rates are those since `before`, or since the start where there is none.
 * Pure.
 */
export function streamHealth(now: PipelineStatus, before: PipelineStatus | null, { status, rows }: Health): StreamHealth {
  const seconds = Math.max(0.001, (now.nowMs - (before?.nowMs ?? now.startedAtMs)) / 1_000);
  const rate = (count: (of: PipelineStatus) => number): number => {
    const grown = count(now) - (before === null ? 0 : count(before));
    return Math.max(0, Math.round((grown / seconds) * 10) / 10); // A lane that was let go took its counts along.
  };
  const rejected = sumOf(now.ticks.rejected);
  return {
    status,
    problems: severity.flatMap((verdict) => rows.filter((row) => row.status === verdict))
      .map(({ part, name, status: verdict, message }) => ({ part: `${part} ${name}`, status: verdict, message })),
    now_ms: now.nowMs,
    ticks_per_second: rate(({ ticks }) => ticks.received),
    bars_per_second: rate(({ lanes }) => lanes.reduce((sum, lane) => sum + lane.barsOut, 0)),
    rows_committed_per_second: rate(({ sink }) => sink.rowsCommitted),
    op_queue: queuesOf(now.lanes.map(({ opQueue }) => opQueue)),
    sink_queue: queuesOf(now.lanes.map(({ sinkQueue }) => sinkQueue)),
    lag: lagOf(now), watermark_lag_ms: watermarkLagMs(now),
    late: now.ticks.late, rejected, duplicate: now.ticks.duplicate, dropped: sumOf(now.ticks.dropped),
    dead_letters: rejected + now.rows.setAside,
    gaps: now.lanes.reduce((sum, { gaps }) => sum + sumOf(gaps), 0),
    ticks_imbalance: ticksImbalance(now.ticks), rows_imbalance: rowsImbalance(now.rows),
    breaker_open: now.sink.breaker === 'open',
  };
}

function queuesOf(queues: readonly QueueStatus[]): StreamHealth['op_queue'] {
  const sum = (count: (queue: QueueStatus) => number): number => queues.reduce((total, queue) => total + count(queue), 0);
  return {
    depth: sum(({ depth }) => depth), capacity: sum(({ capacity }) => capacity), dropped: sum(({ dropped }) => dropped),
  };
}

function lagOf({ lanes }: PipelineStatus): number | null {
  const known = lanes.flatMap(({ logEnd, position }) => (logEnd === null ? [] : [Math.max(0, logEnd - position)]));
  return known.length === 0 ? null : known.reduce((sum, lag) => sum + lag, 0);
}

function watermarkLagMs({ lanes, nowMs }: PipelineStatus): number | null {
  const known = lanes.flatMap(({ watermarks }) => watermarks.flatMap(({ watermarkMs }) => watermarkMs ?? []));
  return known.length === 0 ? null : nowMs - Math.max(...known);
}
