import { inspect } from 'node:util';
import { sumOf, type LaneStatus, type PipelineStatus, type RowLedger, type TickLedger } from '../model/status.ts';

/** 100 lanes have their whole status on /api/status; a report that is read by people says that it left some out. */
const lanesMax = 32;
const causesMax = 8;

/** What is between the log and the database at one moment. */
export interface InFlight {
  readonly atMs: number;
  readonly phase: PipelineStatus['phase'];
  readonly ticks: TickLedger;
  readonly rows: RowLedger;
  readonly lanes: readonly LaneInFlight[];
  readonly lanesLeftOut: number;
  readonly sink: { readonly state: string; readonly workersBusy: number; readonly batchesCommitted: number };
}

export interface LaneInFlight {
  readonly name: string;
  readonly generation: number;
  readonly position: number; // The next record to be read.
  readonly ticksInFlight: number; // In the op queue and in hand.
  readonly ticksHeld: number;
  readonly openBars: number;
  readonly opQueueBatches: number;
  readonly sinkQueueBatches: number;
  readonly barsOut: number;
}

export function inFlightOf(status: PipelineStatus): InFlight {
  const { sink } = status;
  return {
    atMs: status.nowMs, phase: status.phase, ticks: status.ticks, rows: status.rows,
    lanes: status.lanes.slice(0, lanesMax).map(laneInFlight),
    lanesLeftOut: Math.max(0, status.lanes.length - lanesMax),
    sink: { state: sink.state, workersBusy: sink.workersBusy, batchesCommitted: sink.batchesCommitted },
  };
}

function laneInFlight(lane: LaneStatus): LaneInFlight {
  return {
    name: lane.name, generation: lane.generation, position: lane.position, ticksInFlight: lane.ticks.inFlight,
    ticksHeld: lane.ticks.held, openBars: lane.openBars, opQueueBatches: lane.opQueue.depth,
    sinkQueueBatches: lane.sinkQueue.depth, barsOut: lane.barsOut,
  };
}

/** What went wrong, with everything that caused it. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorRecord;
  readonly errors?: readonly ErrorRecord[];
}

/** Of anything that was thrown. */
export function errorRecord(error: unknown, causesLeft = causesMax): ErrorRecord {
  if (!(error instanceof Error)) return { name: typeof error, message: inspect(error, { depth: 2 }) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: String(error.code) } : {};
  const deeper = causesLeft > 0;
  const caused = deeper && cause !== undefined && cause !== null ? { cause: errorRecord(cause, causesLeft - 1) } : {};
  const parts = deeper && error instanceof AggregateError
    ? { errors: error.errors.slice(0, causesMax).map((one) => errorRecord(one, 0)) } : {};
  return { name, message, ...code, ...(stack === undefined ? {} : { stack }), ...caused, ...parts };
}

/** The program that the report is of. */
export interface Program {
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  readonly startedAt: string;
  /** Of the effective configuration without its secrets; null before it is known. */
  readonly configDigest: string | null;
}

export interface CrashReport {
  readonly kind: 'uncaught-exception' | 'unhandled-rejection' | 'unknown-error';
  readonly time: string;
  readonly program: Program;
  readonly error: ErrorRecord;
  /** Bytes. */
  readonly memory: Readonly<NodeJS.MemoryUsage>;
  readonly inFlight: InFlight | null;
  /** All that the pipeline shows of itself; null before there is one. */
  readonly status: PipelineStatus | null;
}

/** The gist, in words. */
export function lossesOf({ ticks, rows }: InFlight): string {
  return `${ticks.inFlight} ticks and ${rows.inFlight} rows were in flight, ${ticks.held} ticks held, ` +
    `${rows.committed} of ${rows.emitted} rows committed, ${sumOf(rows.dropped)} dropped.`;
}
