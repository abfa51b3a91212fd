import type {
  ConsumerStatus, LaneStatus, PartitionStatus, PipelineStatus, QueueStatus, SourceStatus, TickLedger,
} from '../../src/model/status.ts';

export const noTicks: TickLedger = {
  received: 0, restored: 0, aggregated: 0, duplicate: 0, late: 0, excluded: 0, rejected: {}, dropped: {}, held: 0,
  inFlight: 0,
};

export function queueOf(name: 'op' | 'sink', overrides: Partial<QueueStatus> = {}): QueueStatus {
  return {
    name, depth: 0, capacity: name === 'op' ? 8 : 200, bytes: 0, bytesMax: 1_000_000, highWater: 0, offered: 0, taken: 0,
    dropped: 0, superseded: 0, abandoned: 0, refused: 0, ...overrides,
  };
}

export function sourceOf(overrides: Partial<SourceStatus> = {}): SourceStatus {
  return {
    name: 'demo', type: 'synthetic', state: 'reading', problem: null, items: 0, disconnects: 0, reconnects: 0,
    pacingBlocked: 0, pacingBlockedMs: 0, inexact: 0, share: null, lastItemAtMs: null, consumer: null, ...overrides,
  };
}

export function consumerOf(overrides: Partial<ConsumerStatus> = {}): ConsumerStatus {
  return {
    group: 'mdp', connection: 'member', memberId: 'm-1', sessions: 1, joins: 1, crashes: 0, partitions: [], messages: 0, fetches: 0,
    consumeMs: 0, commits: 0, commitsFailed: 0, commitMs: 0, topics: [], brokersProblem: null,
    watchdog: { silentMs: 0, stallMs: 120_000, vainSessions: 0, vainSessionsMax: 20 }, ...overrides,
  };
}

export function partitionOf(overrides: Partial<PartitionStatus> = {}): PartitionStatus {
  return {
    topic: 't', partition: 0, lane: 'test/kafka/t/0', state: 'reading', position: 0, logEnd: 0, lag: 0, problem: null, ...overrides,
  };
}

export function laneStatusOf(overrides: Partial<LaneStatus> = {}): LaneStatus {
  return {
    name: 'test/demo', source: 'demo', generation: 1, pausable: true, position: 0, logEnd: null, atLogEnd: false, ended: false,
    watermarks: [], ticksIn: 0, barsOut: 0, barsOutByState: { provisional: 0, closed: 0, revised: 0 }, alertsOut: { triggered: 0, withdrawn: 0 },
    openBars: 0,
    opQueue: queueOf('op'), sinkQueue: queueOf('sink'), gaps: {}, ticks: noTicks, overtaken: 0,
    checkpoint: { writtenAtMs: null, position: null, bytes: 0, written: 0, failed: 0, problem: null, intervalMs: 10_000, behindSinceMs: null },
    ...overrides,
  };
}

/** A pipeline that runs and has done nothing yet; everything at zero. */
export function statusOf(overrides: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    pipeline: 'test', startedAtMs: 1_700_000_000_000, nowMs: 1_700_000_000_000, phase: 'running', sources: [sourceOf()],
    lanes: [laneStatusOf()], lanesLost: 0,
    sink: {
      name: 'timescale', state: 'ok', problem: null, workers: 4, workersBusy: 0, batchesCommitted: 0, rowsCommitted: 0,
      rowsOutdated: 0, rowsDirect: 0, batchesFailed: {}, retries: 0, droppedBatches: {}, breaker: 'closed',
      lastCommitAtMs: null, producers: [],
    },
    store: {
      kind: 'timescaledb', serverVersion: '17.5', embedded: false, hypertable: true, compression: true, retention: true,
      schemaVersion: 1,
    },
    ticks: noTicks,
    rows: { emitted: 0, committed: 0, superseded: 0, setAside: 0, dropped: {}, inFlight: 0 },
    ...overrides,
  };
}
