import type { LaneStatus, PipelineStatus, QueueStatus, SinkStatus, SourceStatus } from '../model/status.ts';
import { rowsImbalance, ticksImbalance } from '../model/status.ts';
import { inThousands } from '../model/thousands.ts';
import type { EventLoopStatus } from '../telemetry/watchdog.ts';
import { count, duration, time } from './words.ts';

export type Verdict = 'healthy' | 'degraded' | 'unhealthy';

export interface HealthRow {
  readonly part:
    | 'pipeline' | 'event-loop' | 'source' | 'kafka' | 'lane' | 'checkpoint' | 'queue' | 'sink' | 'store' | 'ledger'
    | 'dead-letters';
  readonly name: string;
  readonly status: Verdict;
  /** What is and, where something is wrong, what to do. */
  readonly message: string;
}

export interface Health {
  /** The worst of the rows. */
  readonly status: Verdict;
  readonly pipeline: string;
  readonly phase: PipelineStatus['phase'];
  readonly rows: readonly HealthRow[];
}

export const healthLimits = {
  /** A queue is there to take bursts: with a fifth left, the next one finds it full. */
  queueFullShare: 0.8,
  /** A lane whose log says nothing usable for this long is judged; losses stay visible as long. */
  lookBackMs: 60_000,
  /** The breaker probes after 30 s: two probes have failed by then, and somebody should come. */
  sinkSilentMsMax: 75_000,
  /** A source that is up connects in seconds; the embedded database takes one to open. */
  sourceStartMsMax: 30_000,
  /** Rows of a slow database may take so long to be committed. */
  checkpointGraceMs: 30_000,
} as const;

/**
 * How the pipeline is. `before` is its status some `lookBackMs` ago, or null while it has not run for as long:
 * everything it has counted is recent then. Without a watchdog (null) nothing is said of the event loop. Pure: the same
 * statuses give the same judgement.
 */
export function judge(
  now: PipelineStatus, before: PipelineStatus | null, eventLoop: EventLoopStatus | null = null,
): Health {
  const laneBefore = (name: string): LaneStatus | undefined => before?.lanes.find((lane) => lane.name === name);
  const rows: HealthRow[] = [
    { part: 'pipeline', name: now.pipeline, ...judgePhase(now.phase) },
    ...(eventLoop === null ? [] : [eventLoopRow(eventLoop)]),
    ...now.sources.map((source): HealthRow => ({ part: 'source', name: source.name, ...judgeSource(source, now) })),
    ...now.lanes.map((lane): HealthRow => (
      { part: 'lane', name: lane.name, ...judgeLane(lane, laneBefore(lane.name)) })),
    ...now.lanes.map((lane): HealthRow => (
      { part: 'checkpoint', name: lane.name, ...judgeCheckpoint(lane, now.nowMs) })),
    ...now.lanes.flatMap((lane) => judgeQueues(lane, laneBefore(lane.name))),
    { part: 'sink', name: now.sink.name, ...judgeSink(now.sink, now) },
    { part: 'store', name: now.store.kind, ...judgeStore(now) },
    { part: 'ledger', name: 'ticks', ...judgeLedger('ticks', ticksImbalance(now.ticks)) },
    { part: 'ledger', name: 'rows', ...judgeLedger('rows', rowsImbalance(now.rows)) },
  ];
  return withRows({ status: 'healthy', pipeline: now.pipeline, phase: now.phase, rows: [] }, rows);
}

/** The same health with more rows. */
export function withRows(health: Health, more: readonly HealthRow[]): Health {
  const rows = [...health.rows, ...more];
  return { ...health, rows, status: worst(rows.map((row) => row.status)) };
}

type Judgement = Pick<HealthRow, 'status' | 'message'>;

const verdicts: readonly Verdict[] = ['healthy', 'degraded', 'unhealthy'];

function worst(found: readonly Verdict[]): Verdict {
  return verdicts[Math.max(0, ...found.map((verdict) => verdicts.indexOf(verdict)))];
}

function healthy(message: string): Judgement {
  return { status: 'healthy', message };
}

function degraded(message: string): Judgement {
  return { status: 'degraded', message };
}

function unhealthy(message: string): Judgement {
  return { status: 'unhealthy', message };
}

function judgePhase(phase: PipelineStatus['phase']): Judgement {
  switch (phase) {
    case 'starting': return healthy('It is starting.');
    case 'running': return healthy('It is running.');
    case 'draining': return degraded('It is shutting down: sources are paused, what was read is being written.');
    case 'stopped': return unhealthy('It has stopped.');
  }
}

function eventLoopRow({ longestStallMs }: EventLoopStatus): HealthRow {
  const row = { part: 'event-loop', name: 'main thread' } as const;
  if (longestStallMs === 0) return { ...row, ...healthy('It turns.') };
  return { ...row, ...degraded(`It stood still for ${duration(longestStallMs)} in the last minute: probes, deadlines and ` +
    'commits were late by as much. Look at the processor, at swapping, and at the size of batches.') };
}

function judgeSource(source: SourceStatus, { nowMs, startedAtMs, store }: PipelineStatus): Judgement {
  const why = source.problem ?? 'No reason was given.';
  switch (source.state) {
    case 'starting': {
      if (store.kind === 'unknown') return healthy('It waits until the database is ready.');
      const sinceMs = nowMs - startedAtMs;
      return sinceMs <= healthLimits.sourceStartMsMax ? healthy('It is starting.')
        : degraded(`It has delivered nothing in ${duration(sinceMs)} since the start. Check its settings and its log.`);
    }
    case 'reading':
      if (source.problem !== null) return degraded(`It reads, but not all: ${source.problem} ${received(source, nowMs)}`);
      return healthy(`It reads. ${received(source, nowMs)}`);
    case 'waiting': return healthy(`It waits for its pacing budget or for the sink. ${received(source, nowMs)}`);
    case 'backing-off': return degraded(`It was lost and is tried again: ${why} ${received(source, nowMs)}`);
    case 'ended': return healthy(`It has ended. ${received(source, nowMs)}`);
    case 'failed': return unhealthy(`It has failed and is not tried again: ${why} Mend the cause, then restart.`);
  }
}

function received(source: SourceStatus, nowMs: number): string {
  const items = `${count(source.items, 'record')} received`;
  const { lastItemAtMs } = source;
  return lastItemAtMs === null ? `${items}.` : `${items}, the last ${duration(nowMs - lastItemAtMs)} ago.`;
}

function judgeLane(lane: LaneStatus, before: LaneStatus | undefined): Judgement {
  const dropped = sum(lane.ticks.dropped) - sum(before?.ticks.dropped ?? {});
  if (dropped > 0) {
    return degraded(`${count(dropped, 'tick')} dropped in the last minute because a queue was full; the bars they ` +
      'touch say so (quality gap). Give the process more CPU or spread the feed over more lanes.');
  }
  const ticks = lane.ticksIn - (before?.ticksIn ?? 0);
  if (before !== undefined && ticks > 0 && standsStill(lane, before)) {
    return degraded(`Ticks come (${count(ticks, 'tick')} in the last minute) but event time stands still at ` +
      `${newest(lane)}: no bar can close. Look at the feed's times and at what is counted as late or duplicate.`);
  }
  if (lane.ended) return healthy(`Its log has ended; ${count(lane.barsOut, 'bar')} made.`);
  const end = lane.atLogEnd ? ', at the end of its log' : '';
  return healthy(`${count(lane.barsOut, 'bar')} made, ${count(lane.openBars, 'bar')} open, event time ` +
    `${newest(lane)}; ${count(ticks, 'tick')} in the last minute${end}.`);
}

function standsStill(lane: LaneStatus, before: LaneStatus): boolean {
  return lane.watermarks.every(({ venue, watermarkMs }) =>
    before.watermarks.some((known) => known.venue === venue && known.watermarkMs === watermarkMs));
}

function newest(lane: LaneStatus): string {
  const known = lane.watermarks.flatMap(({ watermarkMs }) => (watermarkMs === null ? [] : [watermarkMs]));
  return known.length === 0 ? 'unknown' : time(Math.max(...known));
}

/** A restart reads again what the last checkpoint does not hold: three missed ones are worth a look. */
function judgeCheckpoint({ checkpoint }: LaneStatus, nowMs: number): Judgement {
  const { position, writtenAtMs, behindSinceMs, intervalMs, bytes, problem } = checkpoint;
  const last = position === null || writtenAtMs === null ? 'None was written yet.'
    : `The last one, ${duration(nowMs - writtenAtMs)} ago, stands at position ${inThousands(position)} ` +
      `and has ${count(bytes, 'byte')}.`;
  const behindMs = behindSinceMs === null ? 0 : nowMs - behindSinceMs;
  if (behindMs <= 3 * intervalMs + healthLimits.checkpointGraceMs) return healthy(last);
  const why = problem ?? 'The rows before it are not committed: see the sink.';
  return degraded(`For ${duration(behindMs)} none could be written: ${why} ${last} A restart would read on from there; ` +
    'nothing is lost.');
}

function judgeQueues(lane: LaneStatus, before: LaneStatus | undefined): HealthRow[] {
  return [
    { part: 'queue', name: `op ${lane.name}`, ...judgeQueue(lane.opQueue, before?.opQueue, lane.pausable) },
    { part: 'queue', name: `sink ${lane.name}`, ...judgeQueue(lane.sinkQueue, before?.sinkQueue, lane.pausable) },
  ];
}

/**
 * In front of operators a full queue is how a source that can be paused is held back: only its drops are a fault.
 */
function judgeQueue(queue: QueueStatus, before: QueueStatus | undefined, pausable: boolean): Judgement {
  const level = `${queue.depth} of ${queue.capacity} batches wait`;
  const dropped = queue.dropped - (before?.dropped ?? 0);
  if (dropped > 0) {
    return degraded(`${count(dropped, 'batch', 'batches')} dropped in the last minute; ${level}. What was lost is ` +
      'on record as gaps. What reads from this queue is too slow: see the rows after it.');
  }
  const filled = Math.max(queue.depth / Math.max(1, queue.capacity), queue.bytes / Math.max(1, queue.bytesMax));
  if (filled <= healthLimits.queueFullShare || (queue.name === 'op' && pausable)) return healthy(`${level}.`);
  return degraded(pausable
    ? `${level}, more than the sink takes. The source is held back; nothing is lost. See the sink.`
    : `${level}, and the source cannot be held back: when it is full, data is dropped. See the sink.`);
}

function judgeSink(sink: SinkStatus, { nowMs, startedAtMs }: PipelineStatus): Judgement {
  const silentMs = nowMs - (sink.lastCommitAtMs ?? startedAtMs);
  const why = sink.problem ?? 'No reason was given.';
  const [who, what] = sink.producers.some(({ breaker }) => breaker !== 'closed')
    ? ['Kafka does', 'the brokers'] : ['The database does', 'the database'];
  const rows = `${count(sink.rowsCommitted, 'row')} in ${count(sink.batchesCommitted, 'batch', 'batches')} committed`;
  switch (sink.state) {
    case 'starting': return healthy('It is connecting.');
    case 'ok': return healthy(`${rows}${sink.lastCommitAtMs === null ? '' : `, the last ${duration(silentMs)} ago`}.`);
    case 'retrying': return degraded(`Writes fail and are tried again: ${why} Rows wait; nothing is lost.`);
    case 'open': return silentMs <= healthLimits.sinkSilentMsMax
      ? degraded(`${who} not take writes; it is left alone and probed every 30 s: ${why} Rows wait; nothing is lost.`)
      : unhealthy(`Nothing could be written for ${duration(silentMs)}: ${why} Rows wait; nothing is lost. Bring ` +
        `${what} back; writing goes on by itself.`);
    case 'failed': return unhealthy(`It has stopped writing: ${why}`);
    case 'closed': return healthy(`It is closed; ${rows}.`);
  }
}

function judgeStore({ store, nowMs, startedAtMs }: PipelineStatus): Judgement {
  if (store.kind === 'unknown') {
    const sinceMs = nowMs - startedAtMs;
    return sinceMs <= healthLimits.sourceStartMsMax ? healthy('It has not been reached yet.')
      : degraded(`It has not been ready in ${duration(sinceMs)} since the start; the log has the reason. Bring the ` +
        'database up or correct store.url (DATABASE_URL). It is tried again until then.');
  }
  const has = [
    store.hypertable ? 'hypertables' : 'plain tables', `compression ${store.compression ? 'on' : 'off'}`,
    `retention ${store.retention ? 'on' : 'off'}`, `schema version ${store.schemaVersion}`,
  ].join(', ');
  const embedded = ' It is the embedded one: for trying and for tests, not for production. Set DATABASE_URL for a ' +
    'server of its own.';
  return healthy(`${store.serverVersion}: ${has}.${store.embedded ? embedded : ''}`);
}

function judgeLedger(what: 'ticks' | 'rows', imbalance: number): Judgement {
  if (imbalance === 0) return healthy(`Every one of the ${what} is accounted for.`);
  const found = imbalance > 0
    ? `${imbalance} of the ${what} went in and cannot be found` : `${-imbalance} more ${what} came out than went in`;
  return unhealthy(`${found}. This is a fault of the program: keep /api/status and report it.`);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, value) => total + value, 0);
}
