import type { Gap } from '../model/gap.ts';
import type { Lane, Resume } from '../model/lane.ts';
import type { ConsumerStatus } from '../model/status.ts';
import type { TickBatch } from '../model/tick-batch.ts';

/** How far a source has come, for people. */
export interface Progress {
  /** 0 to 1, or null where the end is not known. */
  readonly share: number | null;
  readonly ticks: number;
}

/**
 * Connects once, parses, yields. Never retries, paces, counts or logs: its runner does. The iterable ends when the log
 * has ended or `drain` has fired (then as soon as it can, on a record boundary); it throws when the source failed.
 * A yielded batch belongs to the receiver. A record that cannot be read is a `Reject` in its batch, never an exception.
 */
export interface Source {
  readonly name: string;
  readonly pausable: boolean;
  read(resume: Resume, drain: AbortSignal): AsyncIterable<TickBatch | Gap>;
  /** For a source of several lanes: this one is not held any more as it was taken. Takes it again; others go on. */
  retake?(lane: Lane): void;
  /** Everything of the lane before this position is safe: for those who watch the log from outside. */
  checkpointed?(lane: Lane, position: number): void;
  /** Called once, when everything that was read is written or given up. Never throws. */
  close?(): Promise<void>;
  /** What keeps it from reading all that it should, though it reads; null while nothing does. */
  problem?(): string | null;
  /** Behind the newest record of the lane's log that is known of; null where nothing is. */
  logEnd?(lane: Lane): number | null;
  progress?(): Progress;
  /** For a member of a consumer group of Kafka. */
  consumer?(): ConsumerStatus;
}
