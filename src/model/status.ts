import type { GapReason } from './gap.ts';

/** What the pipeline shows of itself: plain numbers, read by health, metrics and the API. Taken by walking, never kept. */
export interface PipelineStatus {
  readonly pipeline: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly phase: 'starting' | 'running' | 'draining' | 'stopped';
  readonly sources: readonly SourceStatus[];
  readonly lanes: readonly LaneStatus[];
  /** Tellings of lanes that somebody has begun anew since: a newer generation was found where they were to be written. */
  readonly lanesLost: number;
  readonly sink: SinkStatus;
  readonly store: StoreStatus;
  readonly ticks: TickLedger;
  readonly rows: RowLedger;
}

export interface SourceStatus {
  readonly name: string;
  readonly type: string;
  readonly state: 'starting' | 'reading' | 'waiting' | 'backing-off' | 'ended' | 'failed';
  /** What is wrong, in words, or null. */
  readonly problem: string | null;
  readonly items: number; // Ticks and rejects received.
  readonly disconnects: number;
  readonly reconnects: number;
  readonly pacingBlocked: number; // Times the token bucket made it wait.
  readonly pacingBlockedMs: number;
  readonly inexact: number; // Prices and sizes with more digits than a double holds.
  readonly share: number | null; // Progress, 0 to 1.
  readonly lastItemAtMs: number | null;
  /** As a member of a consumer group of Kafka; null for every other source. */
  readonly consumer: ConsumerStatus | null;
}

/** Of a source that reads from Kafka, over all its sessions. */
export interface ConsumerStatus {
  readonly group: string;
  readonly connection: 'connecting' | 'member' | 'lost' | 'left';
  readonly memberId: string | null;
  readonly sessions: number; // Begun: more than one says that some were lost.
  readonly joins: number; // Times that the group was joined, after each change in it anew.
  readonly crashes: number;
  readonly partitions: readonly PartitionStatus[]; // Those that the group has given to this process.
  readonly messages: number;
  readonly fetches: number;
  readonly consumeMs: number; // All Fetches together, from their answer until nothing more of it is read.
  readonly commits: number;
  readonly commitsFailed: number;
  readonly commitMs: number; // All commits together.
  readonly topics: readonly TopicStatus[];
  readonly brokersProblem: string | null; // Why they did not tell how far their logs reach, or null.
  readonly watchdog: ConsumerWatchStatus;
}

/** What would end the process, and how near it is; a limit of 0 is none. */
export interface ConsumerWatchStatus {
  readonly silentMs: number; // Records wait that we want, and none comes.
  readonly stallMs: number; // So long it may: then it is unhealthy, and after as long again the process ends.
  readonly vainSessions: number; // In a row: joined, and ended by a fault before a message was read.
  readonly vainSessionsMax: number;
}

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly lane: string | null; // Null until it is taken up.
  readonly state: 'taking' | 'reading' | 'full' | 'failed';
  readonly position: number; // Where the next Fetch of it begins.
  readonly logEnd: number | null;
  readonly lag: number | null; // Records between the two.
  readonly problem: string | null;
}

/** Of one topic, as far as this process has read it. */
export interface TopicStatus {
  readonly topic: string;
  readonly messages: number;
  readonly fetches: number;
  readonly lastMessageAtMs: number | null;
  /** Moving averages, ms; null where they are switched off, and each before its first measurement. */
  readonly averages: {
    readonly consumeMs: number | null; // From a Fetch until nothing more of it is read.
    readonly fetchToFoldMs: number | null; // From a Fetch until a batch of it is folded.
    readonly commitMs: number | null;
  } | null;
}

export interface QueueStatus {
  readonly name: 'op' | 'sink';
  readonly depth: number; // Batches.
  readonly capacity: number;
  readonly bytes: number;
  readonly bytesMax: number;
  /** Greatest depth since the queue was made. High water between two scrapes: `takeHighWater`. */
  readonly highWater: number;
  readonly offered: number;
  readonly taken: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly abandoned: number;
  readonly refused: number;
}

export interface LaneStatus {
  readonly name: string;
  readonly source: string;
  readonly generation: number;
  /** A full queue makes its source wait; otherwise it drops. */
  readonly pausable: boolean;
  readonly position: number; // The next record to be read.
  /** Behind the newest record of the log that is known of; null where nobody tells. */
  readonly logEnd: number | null;
  readonly atLogEnd: boolean;
  readonly ended: boolean;
  /** By venue, or null before its first tick. */
  readonly watermarks: readonly { readonly venue: string; readonly watermarkMs: number | null }[];
  readonly ticksIn: number;
  readonly barsOut: number;
  /** What rules came to on its bars. */
  readonly alertsOut: { readonly triggered: number; readonly withdrawn: number };
  readonly barsOutByState: { readonly provisional: number; readonly closed: number; readonly revised: number };
  readonly openBars: number;
  readonly opQueue: QueueStatus;
  readonly sinkQueue: QueueStatus;
  readonly gaps: Readonly<Partial<Record<GapReason, number>>>;
  readonly ticks: TickLedger;
  readonly checkpoint: CheckpointStatus;
  /** Times that another process had come further with it, and this one took up its checkpoint. */
  readonly overtaken: number;
}

/** Of one lane. */
export interface CheckpointStatus {
  /** Our clock; null before the first of this run. */
  readonly writtenAtMs: number | null;
  readonly position: number | null;
  readonly bytes: number; // Of the last one, compressed.
  readonly written: number;
  readonly failed: number; // Attempts.
  readonly problem: string | null; // What went wrong last, until one is written.
  readonly intervalMs: number;
  /** Since when a record waits that no written checkpoint holds; null: there is none. */
  readonly behindSinceMs: number | null;
}

export interface SinkStatus {
  readonly name: string;
  readonly state: 'starting' | 'ok' | 'retrying' | 'open' | 'failed' | 'closed'; // `open`: the circuit breaker is.
  readonly problem: string | null;
  readonly workers: number;
  readonly workersBusy: number;
  readonly batchesCommitted: number;
  readonly rowsCommitted: number;
  readonly rowsOutdated: number; // Of those, left out by the guard because the stored row has seen more.
  readonly rowsDirect: number; // Of those, by plain COPY.
  readonly batchesFailed: Readonly<Record<string, number>>; // Failed attempts by kind.
  readonly retries: number;
  readonly droppedBatches: Readonly<Record<string, number>>; // By reason.
  readonly breaker: 'closed' | 'half-open' | 'open'; // Of the sink whose breaker is furthest from closed.
  readonly lastCommitAtMs: number | null;
  readonly producers: readonly ProducerStatus[];
}

/** A sink that writes to Kafka. */
export interface ProducerStatus extends ProducerFacts {
  readonly name: string;
  readonly breaker: SinkStatus['breaker'];
}

/** What a producer of Kafka knows of itself, over all its connections. */
export interface ProducerFacts {
  readonly connection: 'connecting' | 'connected' | 'lost' | 'closed'; // As the last call says: `lost`, if it failed.
  readonly problem: string | null; // What the last call failed by.
  readonly messages: number; // Those that all in-sync replicas have.
  readonly bytes: number; // Of their keys and values.
  readonly errors: number; // Calls that failed.
  readonly produceMs: number; // All calls that did not, together.
  readonly topics: readonly ProducedTopicStatus[];
}

/** Of one topic, as far as this process has written it. */
export interface ProducedTopicStatus {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number;
  readonly errors: number;
  readonly lastMessageAtMs: number | null;
  readonly averageProduceMs: number | null; // Moving average; null where they are switched off, and before the first.
}

export interface StoreStatus {
  readonly kind: 'timescaledb' | 'timescaledb-apache' | 'postgresql' | 'unknown';
  readonly serverVersion: string;
  readonly embedded: boolean;
  /** What the server can do, and what is therefore off. */
  readonly hypertable: boolean;
  readonly compression: boolean;
  readonly retention: boolean;
  readonly schemaVersion: number;
}

/**
 * received + restored = aggregated + duplicate + late + excluded + rejected + dropped + held + inFlight, at every moment.
 * Every term is counted where it happens; `inFlight` by walking queues and workers; none is computed from the others.
 */
export interface TickLedger {
  readonly received: number;
  readonly restored: number; // Held ticks that came back with a checkpoint.
  readonly aggregated: number;
  readonly duplicate: number;
  readonly late: number;
  readonly excluded: number;
  readonly rejected: Readonly<Record<string, number>>; // By reason.
  readonly dropped: Readonly<Record<string, number>>; // By stage and reason, `op-queue/oldest`.
  readonly held: number;
  readonly inFlight: number;
}

/** emitted = committed + superseded + setAside + dropped + inFlight, at every moment. */
export interface RowLedger {
  readonly emitted: number;
  readonly committed: number;
  readonly superseded: number;
  readonly setAside: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

export function ticksImbalance(ledger: TickLedger): number {
  const out = ledger.aggregated + ledger.duplicate + ledger.late + ledger.excluded + sumOf(ledger.rejected) +
    sumOf(ledger.dropped) + ledger.held + ledger.inFlight;
  return ledger.received + ledger.restored - out;
}

export function rowsImbalance(ledger: RowLedger): number {
  return ledger.emitted - (ledger.committed + ledger.superseded + ledger.setAside + sumOf(ledger.dropped) + ledger.inFlight);
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const count of Object.values(counts)) total += count;
  return total;
}

/** Adds the counts of a part to those of the whole, reason by reason. */
export function addCounts(whole: Record<string, number>, part: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(part)) whole[key] = (whole[key] ?? 0) + count;
}
