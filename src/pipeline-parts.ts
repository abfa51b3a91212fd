import type { MdpError } from './errors.ts';
import type { LaneParts, PlaceOfLane } from './lane-parts.ts';
import type { Clock } from './model/clock.ts';
import type { Lane, LaneRequest, LaneStart } from './model/lane.ts';
import type { LaneState } from './model/checkpoint.ts';
import type { SinkItem } from './model/rows.ts';
import type { StoredBar } from './model/stored-bar.ts';
import { addCounts, sumOf, type RowLedger, type SinkStatus, type StoreStatus, type TickLedger } from './model/status.ts';
import type { AdmissionSettings } from './operators/admission.ts';
import type { PacingSettings } from './pacing/token-bucket.ts';
import type { QueueGroup } from './queues/queue-group.ts';
import type { SourceEvents } from './sources/run-source.ts';
import type { Source } from './sources/source.ts';

export interface SourcePart {
  readonly source: Source;
  readonly type: string;
  readonly pacing: PacingSettings;
  /** Factor of real time; Infinity is as fast as it goes. */
  readonly speed: number;
  readonly complete: boolean;
  readonly admission: AdmissionSettings;
}

/** The sink pool as the pipeline sees it. */
export interface SinkPool {
  /** Resolves when the groups are finished; rejects with an MdpError when a sink refuses for good. */
  run(): Promise<void>;
  /** Ends waits and writes at once. */
  abort(): void;
  /** Draining: a breaker that is open probes every second. */
  drain(): void;
  /** A checkpoint of the lane is written. */
  checkpointed(lane: Lane): void;
  rowsInFlight(): number;
  oldestRowAtMs(): number;
  readonly isOpen: boolean;
  readonly rows: {
    committed: number; superseded: number; setAside: number; born: number; dropped: Record<string, number>;
  };
  status(): SinkStatus;
}

export interface SinkPoolLinks {
  /** One per worker. */
  readonly groups: readonly QueueGroup<SinkItem>[];
  /** Told when a sink refuses a lane because a newer telling of it exists. */
  readonly onLaneLost: (lane: Lane) => void;
}

/** A lane that the database has granted. */
export interface GrantedLane {
  readonly start: LaneStart;
  /** What it knew at `start.position`; null: nothing. */
  readonly state: LaneState | null;
  /** Bars of the base grid that were stored after `state`. */
  readonly storedBars?: readonly StoredBar[];
}

type LaneFacts = Pick<Lane, 'name' | 'source' | 'pausable' | 'complete'>;

export interface PipelineParts {
  readonly name: string;
  readonly sources: readonly SourcePart[];
  /** Everything of a lane that is the same for all. */
  readonly lane: Omit<LaneParts, 'admission' | PlaceOfLane>;
  readonly workers: number;
  readonly createSinkPool: (links: SinkPoolLinks) => SinkPool;
  /** Asks the database for a lane: its generation, where reading goes on, and what it knew there. */
  readonly takeLane: (lane: LaneFacts, request: LaneRequest) => Promise<GrantedLane>;
  readonly store: () => StoreStatus;
  readonly clock: Clock;
  readonly events: SourceEvents;
}

/** What a run gave up, by stage and reason; empty when nothing was lost. */
export interface Outcome {
  /** Sources that failed for good. */
  readonly failures: readonly MdpError[];
  readonly ticksLost: number;
  readonly rowsLost: number;
  /** The same by stage and reason: `op-queue/forced-end`, `sink-queue/oldest`. */
  readonly lost: Readonly<Record<string, number>>;
}

export function outcomeOf(failures: readonly MdpError[], ticks: TickLedger, rows: RowLedger): Outcome {
  const lost: Record<string, number> = {};
  addCounts(lost, ticks.dropped);
  addCounts(lost, rows.dropped);
  const ticksLost = sumOf(ticks.dropped) + ticks.inFlight;
  return { failures, ticksLost, rowsLost: sumOf(rows.dropped) + rows.inFlight, lost };
}
