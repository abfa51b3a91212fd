import { healsByWaiting, MdpError, messageOf } from '../errors.ts';
import { failPoint } from '../fail-points.ts';
import {
  CheckpointMarker, type Checkpoint, type CheckpointOutcome, type LaneMoment, type LaneState,
} from '../model/checkpoint.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import { hashOfRecord } from '../model/record-hash.ts';
import type { CheckpointStatus } from '../model/status.ts';

export interface CheckpointFacts {
  readonly position: number;
  readonly bytes: number;
  /** From the moment between two batches to the answer to COMMIT. */
  readonly seconds: number;
}

/** Past tense: each is called once per happening. */
export interface CheckpointEvents {
  checkpointWritten(lane: Lane, facts: CheckpointFacts): void;
  /** It is tried again, or left to the next one. */
  checkpointFailed(lane: Lane, problem: string): void;
  /** Somebody else is further on with this lane. */
  checkpointRefused(lane: Lane, outcome: 'overtaken' | 'lost'): void;
}

export interface LaneCheckpointsOptions {
  readonly lane: Lane;
  /** Queues that a marker must go through. */
  readonly shards: number;
  /** Infinity: none is ever taken. */
  readonly intervalMs: number;
  /**
   * By this share of the interval, in [0, 1), the second one comes earlier; 0 unless given. Lanes that were taken up
   * together would else hold the loop together each time: 20 of them for 30 ms.
   */
  readonly spread?: number;
  readonly clock: Clock;
  readonly encode: (lane: Lane, state: LaneState) => Promise<Uint8Array>;
  /** Throws an MdpError where the database or the brokers do not answer: then it is called again, unless aborted. */
  readonly write: (checkpoint: Checkpoint, abort: AbortSignal) => Promise<CheckpointOutcome>;
  readonly events: CheckpointEvents;
  /** Told of every outcome, after `events`. */
  readonly onOutcome: (outcome: CheckpointOutcome, position: number) => void;
  /** Told when none is under way any more: the next one may be due. */
  readonly onIdle: () => void;
}

/** The first one of a run comes so soon: a lane that was just taken up should not be far behind if it falls again. */
const firstAfterMsMax = 1_000;
const retryMsMin = 250;
const retryMsMax = 5_000;

/**
 * The checkpoints of one lane. Each goes through three states, and only the first is synchronous:
 *   taken      between two batches: the state is caught, and a marker put behind the rows of every shard;
 *   travelling the state is being encoded, and the markers wait for the rows before them;
 *   writing    every marker has passed: the row is written, in the order of taking.
 * A checkpoint whose rows were given up is dropped, and all after it, for the same rows stand before those too: the one
 * before it stays, and the log is read from there. One that failed is tried anew, with what has come since.
 */
export class LaneCheckpoints {
  readonly #options: LaneCheckpointsOptions;
  readonly #abort = new AbortController();
  #dueAtMs: number;
  #isChanged = false;
  #changedAtMs = 0;
  #behindSinceMs: number | null = null;
  #underWay = 0;
  #isFirst = true;
  #rowsGivenUp = false;
  #writing: Promise<void> = Promise.resolve();
  #status = { writtenAtMs: null as number | null, position: null as number | null, bytes: 0, written: 0, failed: 0,
    problem: null as string | null };

  constructor(options: LaneCheckpointsOptions) {
    this.#options = options;
    this.#dueAtMs = options.clock.nowMs() + Math.min(options.intervalMs, firstAfterMsMax);
  }

  /** When the next one should be taken, ms since 1970; Infinity while nothing has changed or one is under way. */
  get dueAtMs(): number {
    return this.#isChanged && this.#underWay === 0 ? this.#dueAtMs : Infinity;
  }

  get status(): CheckpointStatus {
    return { ...this.#status, intervalMs: this.#options.intervalMs, behindSinceMs: this.#behindSinceMs };
  }

  /** A record was folded. */
  changed(): void {
    if (this.#isChanged || this.#options.intervalMs === Infinity) return;
    this.#isChanged = true;
    this.#changedAtMs = this.#options.clock.nowMs();
    this.#behindSinceMs ??= this.#changedAtMs;
  }

  /** Whether there is anything that the last one does not hold. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Returns a marker for each shard, to be put behind the rows that came before. */
  take(moment: LaneMoment): readonly CheckpointMarker[] {
    const { lane, shards, clock, intervalMs, spread = 0 } = this.#options;
    const takenAtMs = clock.nowMs();
    this.#isChanged = false;
    this.#dueAtMs = takenAtMs + intervalMs * (this.#isFirst ? 1 - spread : 1);
    this.#isFirst = false;
    this.#underWay++;
    const accounted = Promise.withResolvers<boolean>();
    let left = shards;
    const onPassed = (isAccounted: boolean): void => {
      left--;
      if (!isAccounted) accounted.resolve(false);
      else if (left === 0) accounted.resolve(true);
    };
    const state = this.#options.encode(lane, moment.state);
    state.catch(() => {}); // Looked at when its turn comes.
    this.#writing = this.#writing
      .then(async () => {
        this.#rowsGivenUp ||= !(await accounted.promise);
        if (!this.#rowsGivenUp) await this.#write(moment, state, takenAtMs);
      })
      .catch((error: unknown) => {
        this.#failed(messageOf(error));
        if (this.#underWay === 1) this.changed(); // None behind it holds what it would have held.
      })
      .finally(() => {
        this.#underWay--;
        if (this.#underWay === 0) this.#options.onIdle();
      });
    return Array.from({ length: shards }, () => new CheckpointMarker(lane, onPassed));
  }

  /** Resolves when none is under way. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** Ends waiting for a database that does not answer, a write that is under way included. */
  abort(): void {
    this.#abort.abort();
  }

  async #write(moment: LaneMoment, encoded: Promise<Uint8Array>, takenAtMs: number): Promise<void> {
    const { lane, clock, events, onOutcome } = this.#options;
    const state = await encoded;
    const { position, lastRecord, settledUntilMs, passed, isEnded } = moment;
    failPoint('before-checkpoint');
    const outcome = await this.#writeUntilAnswered({
      lane: lane.name, generation: lane.generation, position, settledUntilMs, passed, isEnded, state, takenAtMs,
      storedUntilMs: lane.storedUntilMs,
      lastRecordHash: lastRecord === null ? null : hashOfRecord(lastRecord),
    });
    if (outcome === null) return;
    failPoint('after-checkpoint');
    if (outcome === 'written') {
      this.#behindSinceMs = this.#isChanged ? this.#changedAtMs : null;
      this.#status = {
        ...this.#status, writtenAtMs: clock.nowMs(), position, bytes: state.length, written: this.#status.written + 1,
        problem: null,
      };
      events.checkpointWritten(lane, { position, bytes: state.length, seconds: (clock.nowMs() - takenAtMs) / 1_000 });
    } else events.checkpointRefused(lane, outcome);
    onOutcome(outcome, position);
  }

  /** Null: aborted. */
  async #writeUntilAnswered(checkpoint: Checkpoint): Promise<CheckpointOutcome | null> {
    const { signal } = this.#abort;
    for (let waitMs = retryMsMin; !signal.aborted; waitMs = Math.min(2 * waitMs, retryMsMax)) {
      try {
        return await this.#options.write(checkpoint, signal);
      } catch (error) {
        if (!(error instanceof MdpError) || !healsByWaiting(error)) throw error;
        this.#failed(error.message);
        await this.#options.clock.wait(waitMs, signal);
      }
    }
    return null;
  }

  #failed(problem: string): void {
    if (this.#abort.signal.aborted) return;
    this.#status = { ...this.#status, failed: this.#status.failed + 1, problem };
    this.#options.events.checkpointFailed(this.#options.lane, problem);
  }
}
