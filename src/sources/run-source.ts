import { healsByWaiting, MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { isOwnLoss, type Gap } from '../model/gap.ts';
import type { Lane, Resume } from '../model/lane.ts';
import type { SourceStatus } from '../model/status.ts';
import { hashOfRecord } from '../model/record-hash.ts';
import type { LogEnd, TickBatch } from '../model/tick-batch.ts';
import { EventPace } from '../pacing/event-pace.ts';
import { TokenBucket, type PacingSettings } from '../pacing/token-bucket.ts';
import { ProgramFaults } from './program-faults.ts';
import type { SourceEvents } from './source-events.ts';
import type { Source } from './source.ts';

export type { SourceEvents } from './source-events.ts';

/** What a source hands to its lanes. */
export type LogItem = TickBatch | Gap | LogEnd;

export interface RunSourceOptions {
  readonly source: Source;
  readonly type: string;
  readonly pacing: PacingSettings;
  /** Factor of real time; Infinity is as fast as it goes. */
  readonly speed: number;
  readonly resume: Resume;
  /** Puts an item into its lane's op queue; false when that was closed (a forced end). */
  readonly deliver: (item: LogItem) => Promise<boolean>;
  /** Resolves when the sink can take rows again; a source that can be paused waits for it. */
  readonly sinkReady: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly events: SourceEvents;
}

/** How far a lane was read. After a lost connection its log is known again by the record before `nextPosition`. */
interface ReadLane {
  readonly lane: Lane;
  nextPosition: number;
  lastRecord: Uint8Array | null;
  lastRecordHash: string | null; // Until something is read.
}

/** Sockets and timers get their turn at least this often, however fast the source is. */
const holdLoopMsMax = 4;
const backoffMsMin = 250;
const backoffMsMax = 30_000;

/**
 * Runs a source: paces it, counts it, retries it, ends it. One log item is in hand at a time; `ticksInHand` says how many
 * ticks that is, for the ledger.
 */
export class SourceRunner {
  readonly #options: RunSourceOptions;
  readonly #bucket: TokenBucket;
  readonly #pace: EventPace;
  readonly #lanes = new Map<string, ReadLane>();
  #state: SourceStatus['state'] = 'starting';
  #problem: string | null = null;
  #items = 0;
  #inexact = 0;
  #disconnects = 0;
  #reconnects = 0;
  #pacingBlocked = 0;
  #pacingBlockedMs = 0;
  #lastItemAtMs: number | null = null;
  #heldLoopSinceMs = 0;
  /** Ends one reading; a new one begins unless `#lost` says why not. */
  #interrupt = new AbortController();
  #lost: MdpError | null = null;
  #failure: MdpError | null = null;
  readonly #programFaults: ProgramFaults;
  ticksInHand = 0;

  constructor(options: RunSourceOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.pacing, options.clock.nowMs());
    this.#pace = new EventPace(options.speed);
    this.#programFaults = new ProgramFaults(options.source.name);
  }

  /** Why it has failed for good, or null. */
  get failure(): MdpError | null {
    return this.#failure;
  }

  /** Resolves when the source has ended, has failed for good (see `failure`), or `drain` has fired. */
  async run(drain: AbortSignal): Promise<void> {
    const { source, events, clock } = this.#options;
    let backoffMs = backoffMsMin;
    events.sourceStarted(source.name);
    while (!drain.aborted) {
      const itemsBefore = this.#items;
      this.#interrupt = new AbortController();
      const { signal: interrupted } = this.#interrupt;
      try {
        await this.#readOnce(AbortSignal.any([drain, interrupted]));
        if (this.#lost !== null) return this.#fail(this.#lost);
        if (interrupted.aborted) continue;
        if (!drain.aborted) await this.#endLanes();
        this.#state = 'ended';
        events.sourceEnded(source.name, this.#items);
        return;
      } catch (error) {
        if (this.#lost !== null) return this.#fail(this.#lost);
        const isFinal = error instanceof MdpError && !healsByWaiting(error);
        const final = isFinal ? error : this.#programFaults.met(error, clock.nowMs());
        if (final !== null) return this.#fail(final);
        this.#disconnects++;
        if (this.#items > itemsBefore) backoffMs = backoffMsMin;
        this.#state = 'backing-off';
        this.#problem = messageOf(error);
        events.sourceDisconnected(source.name, this.#problem, backoffMs);
        await clock.wait(backoffMs, drain);
        backoffMs = Math.min(backoffMs * 2, backoffMsMax);
        this.#reconnects++;
      }
    }
    this.#state = 'ended';
  }

  /** Reads on from where the lane begins now: somebody else had come further. True: it had ended, and must be run again. */
  reread(lane: Lane): boolean {
    this.#lanes.delete(lane.name);
    const { source } = this.#options;
    if (source.retake === undefined) this.#interrupt.abort();
    else source.retake(lane);
    return this.#state === 'ended';
  }

  /** Its lane is not ours any more: reading ends for good, or has ended in vain. */
  fail(error: MdpError): void {
    this.#lost ??= error;
    this.#interrupt.abort();
    if (this.#state === 'ended') this.#fail(error);
  }

  status(): SourceStatus {
    return {
      name: this.#options.source.name, type: this.#options.type, state: this.#state,
      problem: this.#problem ?? this.#options.source.problem?.() ?? null,
      items: this.#items, disconnects: this.#disconnects, reconnects: this.#reconnects,
      pacingBlocked: this.#pacingBlocked, pacingBlockedMs: this.#pacingBlockedMs, inexact: this.#inexact,
      share: this.#options.source.progress?.().share ?? null, lastItemAtMs: this.#lastItemAtMs,
      consumer: this.#options.source.consumer?.() ?? null,
    };
  }

  async #readOnce(drain: AbortSignal): Promise<void> {
    const { resume: lanes } = this.#options;
    const resume: Resume = {
      take: (request) => this.#takeLane(request),
      release: (lane) => {
        this.#lanes.delete(lane.name);
        lanes.release(lane);
      },
      room: (lane) => lanes.room(lane),
    };
    for await (const item of this.#options.source.read(resume, drain)) {
      this.#state = 'reading';
      this.#problem = null;
      if (item.kind === 'ticks') await this.#deliverBatch(item, drain);
      else await this.#deliverGap(item);
      await this.#yieldNowAndThen();
    }
  }

  /** A lane that this run holds already goes on where it stopped: nothing of it was lost by a reconnect. */
  async #takeLane(request: Parameters<Resume['take']>[0]): ReturnType<Resume['take']> {
    const start = await this.#options.resume.take(request);
    const known = this.#lanes.get(start.lane.name);
    if (known !== undefined) {
      const { lane, startTimeMs, newestEventTimeMs } = start;
      const { nextPosition, lastRecord, lastRecordHash } = known;
      const hash = lastRecord === null ? lastRecordHash : hashOfRecord(lastRecord);
      return { lane, startTimeMs, newestEventTimeMs, position: nextPosition, lastRecordHash: hash };
    }
    const { lane, position: nextPosition, lastRecordHash } = start;
    this.#lanes.set(lane.name, { lane, nextPosition, lastRecord: null, lastRecordHash });
    return start;
  }

  async #deliverGap(gap: Gap): Promise<void> {
    const lane = this.#lanes.get(gap.lane.name);
    // A gap that is a record of the log has a position of its own; what we lost ourselves has not.
    if (lane !== undefined && !isOwnLoss(gap.reason)) readUpTo(lane, gap.position + 1);
    await this.#options.deliver(gap);
  }

  async #deliverBatch(batch: TickBatch, drain: AbortSignal): Promise<void> {
    const ticks = batch.length + batch.rejects.length;
    this.ticksInHand = ticks;
    this.#items += ticks;
    this.#inexact += batch.inexactCount;
    this.#lastItemAtMs = batch.receivedTimeMs;
    if (this.#options.source.pausable) await this.#waitForItsTurn(batch, drain);
    this.#options.events.batchRead(this.#options.source.name, batch);
    const lane = this.#lanes.get(batch.lane.name);
    // Taken up anew while this batch waited, it stands elsewhere.
    if (lane?.lane === batch.lane) readUpTo(lane, batch.nextPosition, batch.lastRecord);
    const delivering = this.#options.deliver(batch);
    this.ticksInHand = 0; // From here on the lane counts them, in its queue or waiting for room.
    await delivering;
  }

  async #waitForItsTurn(batch: TickBatch, drain: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const lastEventMs = batch.length > 0 ? batch.eventTimeMs[batch.length - 1] : NaN;
    const dueInMs = this.#pace.waitMs(lastEventMs, clock.nowMs());
    if (dueInMs > 0) await clock.wait(dueInMs, drain);
    let blockedMs = this.#bucket.take(batch.length, clock.nowMs());
    if (blockedMs > 0) this.#pacingBlocked++;
    while (blockedMs > 0 && !drain.aborted) {
      this.#state = 'waiting';
      const sinceMs = clock.nowMs();
      await clock.wait(blockedMs, drain);
      this.#pacingBlockedMs += clock.nowMs() - sinceMs;
      blockedMs = this.#bucket.take(batch.length, clock.nowMs());
    }
    await this.#options.sinkReady(drain);
    this.#state = 'reading';
  }

  async #yieldNowAndThen(): Promise<void> {
    const { clock } = this.#options;
    if (clock.nowMs() - this.#heldLoopSinceMs < holdLoopMsMax) return;
    await clock.yield();
    this.#heldLoopSinceMs = clock.nowMs();
  }

  async #endLanes(): Promise<void> {
    for (const { lane, nextPosition } of this.#lanes.values()) {
      await this.#options.deliver({ kind: 'end', lane, position: nextPosition });
    }
  }

  #fail(error: MdpError): void {
    this.#failure = error;
    this.#state = 'failed';
    this.#problem = error.message;
    this.#options.events.sourceFailed(this.#options.source.name, error);
  }
}

function readUpTo(lane: ReadLane, nextPosition: number, lastRecord: Uint8Array | null = null): void {
  if (nextPosition === lane.nextPosition) return;
  lane.nextPosition = nextPosition;
  lane.lastRecord = lastRecord;
  lane.lastRecordHash = null;
}
