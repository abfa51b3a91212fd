import type { CheckpointEvents } from './checkpoints/lane-checkpoints.ts';
import type { LaneQueueParts } from './lane-queues.ts';
import type { AlertRules } from './model/alert.ts';
import type { BarSpec } from './model/bar-spec.ts';
import type { Checkpoint, CheckpointOutcome, LaneState } from './model/checkpoint.ts';
import type { Clock } from './model/clock.ts';
import type { InstrumentTable } from './model/instruments.ts';
import type { Lane } from './model/lane.ts';
import type { LiveListener } from './model/live.ts';
import type { DeadLetter } from './model/rows.ts';
import type { ValuesOf } from './model/setting.ts';
import type { StoredBar } from './model/stored-bar.ts';
import type { AdmissionSettings } from './operators/admission.ts';
import type { BarIndicator } from './operators/indicators/parse.ts';
import type { OperatorEvents } from './operators/run-operators.ts';
import type { BarSettings } from './operators/time-bars.ts';
import type { pipelineSettings } from './sinks/row-batcher.ts';

export interface LaneEvents extends OperatorEvents, CheckpointEvents {
  ticksDropped(lane: Lane, count: number, reason: string): void;
  /** A record that no tick could be read from, or a tick that cannot be used: its letter is on its way. */
  recordRejected(lane: Lane, letter: DeadLetter): void;
  /** The settings have changed, and the log of the lane cannot be read again: it begins without what was open. */
  openBarsDropped(lane: Lane, why: string): void;
}

export interface LaneCheckpointParts {
  readonly intervalMs: number;
  readonly encode: (lane: Lane, state: LaneState) => Promise<Uint8Array>;
  readonly write: (checkpoint: Checkpoint, abort: AbortSignal) => Promise<CheckpointOutcome>;
}

type OwnQueueParts = 'specNames' | 'indicatorLines' | 'onTicksDropped' | 'onRowsDropped';

/** What a pipeline says of a lane among others. */
export type PlaceOfLane = 'shards' | 'sourceShare' | 'lanesOfSource';

export interface LaneParts extends Omit<LaneQueueParts, OwnQueueParts> {
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  /** On bars of `specs`; none where absent. */
  readonly indicators?: readonly BarIndicator[];
  /** Judged on its bars; none where absent. */
  readonly alertRules?: AlertRules;
  readonly bars: BarSettings;
  readonly admission: AdmissionSettings;
  readonly pipeline: ValuesOf<typeof pipelineSettings>;
  readonly checkpoints: LaneCheckpointParts;
  readonly clock: Clock;
  readonly events: LaneEvents;
  /** Hears what is folded; nobody where absent or null. */
  readonly live?: LiveListener | null;
}

/** Where a lane begins: at the beginning of its log, or where a checkpoint stands. */
export interface LaneBeginning {
  readonly position: number;
  /** Throws an MdpError where it does not fit the settings: `checkpoint-unreadable`, `settings-changed`. */
  readonly state: LaneState | null;
  /** Bars of the base grid that were stored after `state`. */
  readonly storedBars?: readonly StoredBar[];
}
