import { MdpError } from '../../errors.ts';
import type { EachBatchPayload } from '../../kafka/client.ts';
import type { FetchTap } from '../../kafka/fetch-tap.ts';
import { aborted } from '../../model/aborted.ts';
import type { Clock } from '../../model/clock.ts';
import type { Gap } from '../../model/gap.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane, LaneRoom } from '../../model/lane.ts';
import { hashOfRecord } from '../../model/record-hash.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import type { ConsumerFigures } from './consumer-figures.ts';
import { deletionGaps } from './deletion-gaps.ts';
import { FetchedTicks, recordOf, type BeforeReading, type HeadersOf, type TickReading } from './fetched-ticks.ts';
import type { HandOver } from './hand-over.ts';
import type { HeldPartition } from './held-partition.ts';
import { headersOf } from './original-message.ts';
import { fillMessage } from './plain-message.ts';

/** A lane without room is waited for so long before its partition is paused: the others of its broker wait with it. */
const patienceMs = 250;

/** A reason of our own: an abort without one makes an error with a stack. */
const isOver = Symbol('over');

export interface Fetching {
  readonly tap: Pick<FetchTap, 'batchOf'>;
  readonly handOver: HandOver<TickBatch | Gap>;
  readonly instruments: InstrumentTable;
  readonly reading: Omit<TickReading, 'lane' | 'log' | 'tail'>;
  readonly figures: ConsumerFigures;
  readonly room: (lane: Lane) => LaneRoom;
  /** The lane has no room for this batch: nothing more of it is fetched until it has. */
  readonly pause: (held: HeldPartition, batch: TickBatch) => void;
  readonly clock: Clock;
}

/**
 * Hands on what a Fetch has brought of one partition, as far as it is wanted. Throws what a heartbeat has thrown (the group
 * is being joined anew), and an MdpError where the partition cannot be read on.
 */
export class FetchedReader {
  readonly #held: HeldPartition;
  readonly #payload: EachBatchPayload;
  readonly #fetching: Fetching;
  readonly #lane: Lane;
  readonly #ticks: FetchedTicks;
  readonly #fetchedAtMs: number;
  #isEnded: boolean;
  /** Made for those who wait: nearly every Fetch is read without waiting. */
  #ending: AbortController | null = null;
  #error: unknown = null;

  constructor(held: HeldPartition, lane: Lane, payload: EachBatchPayload, fetching: Fetching) {
    this.#held = held;
    this.#lane = lane;
    this.#payload = payload;
    this.#fetching = fetching;
    this.#ticks = new FetchedTicks({ ...fetching.reading, lane, log: held.name, tail: held.tail }, held.next);
    this.#fetchedAtMs = fetching.figures.nowMs();
    this.#isEnded = held.fetching.aborted;
    held.fetching.addEventListener('abort', this.#end, { once: true });
  }

  async read(): Promise<void> {
    const held = this.#held;
    const { figures } = this.#fetching;
    const before = held.tail.count;
    try {
      await this.#readAll();
    } catch (error) {
      const before = error instanceof MdpError ? this.#ticks.take(false) : null;
      if (before !== null) await this.#do(before); // What stands ahead of a batch that cannot be read is as good as ever.
      throw error;
    } finally {
      // Who was told to stop may have been followed by another reader, whose messages stand in the same place.
      const read = { messages: held.tail.count - before, fetchedAtMs: this.#fetchedAtMs };
      if (!this.#isEnded) {
        figures.fetchRead(held, read);
        held.cursor.inflated.free();
      }
      this.#end();
      this.#ticks.drop();
    }
    if (this.#error !== null) throw this.#error;
  }

  /** Lets the group hear that this process lives, however long the reading waits. */
  async beat(): Promise<void> {
    try {
      await this.#payload.heartbeat();
    } catch (error) {
      this.#error ??= error;
      this.#end();
    }
  }

  /** Nothing more of this Fetch is wanted. */
  readonly #end = (): void => {
    this.#isEnded = true;
    this.#held.fetching.removeEventListener('abort', this.#end);
    this.#fetching.handOver.withdraw(this);
    this.#ending?.abort(isOver);
  };

  get #ended(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#isEnded) this.#ending.abort(isOver);
    return this.#ending.signal;
  }

  async #readAll(): Promise<void> {
    const { batch } = this.#payload;
    const held = this.#held;
    const ticks = this.#ticks;
    const { cursor, message, next } = held;
    for (const fetched of batch.messages) {
      const raw = this.#fetching.tap.batchOf(fetched);
      if (raw === null) fillMessage(message, fetched);
      else cursor.open(raw);
      const headers: HeadersOf = () => (raw === null ? headersOf(fetched) : cursor.headers());
      for (let isOne = raw === null || cursor.next(message); isOne; isOne = raw !== null && cursor.next(message)) {
        if (message.offset < next) {
          checkKnown(held);
          continue;
        }
        for (let before = ticks.add(message, headers); before !== null; before = ticks.add(message, headers)) {
          if (!(await this.#do(before))) return;
          // Whatever else has come is heard: else all that a Fetch has brought would be read in one go, and the next
          // answer would wait in the kernel until then, and the broker with it.
          await this.#fetching.clock.yield();
        }
        if (raw !== null) cursor.readRun(ticks);
      }
    }
    held.logEnd = Number(batch.highWatermark);
    const rest = ticks.take(ticks.next >= held.logEnd);
    if (rest !== null && !(await this.#do(rest))) return;
    this.#payload.resolveOffset(batch.messages.at(-1)!.offset); // Control records behind it included.
    held.fetchNext = Number(batch.lastOffset()) + 1;
  }

  /** False: nothing more of this Fetch is wanted. */
  async #do(step: BeforeReading): Promise<boolean> {
    if (step instanceof Promise) {
      await Promise.race([step, aborted(this.#ended)]);
      return !this.#isEnded;
    }
    if (!(await this.#hasRoom(step)) || !(await this.#handOn(step))) {
      step.release?.();
      return false;
    }
    this.#payload.resolveOffset(String(step.nextPosition - 1));
    this.#held.fetchNext = step.nextPosition;
    return !this.#isEnded;
  }

  async #handOn(batch: TickBatch): Promise<boolean> {
    const { handOver, instruments, figures } = this.#fetching;
    const held = this.#held;
    for (const gap of deletionGaps(held, this.#lane, batch, instruments)) {
      if (!(await handOver.offer(gap, () => {}, this))) return false;
    }
    if (batch.length > 0) held.deletion = null;
    if (this.#isEnded) return false;
    const timed = figures.timed(held, batch, this.#fetchedAtMs);
    const isTaken = await handOver.offer(timed, () => held.took(batch), this);
    if (isTaken && !this.#isEnded) figures.handedOn(held);
    return isTaken;
  }

  async #hasRoom(batch: TickBatch): Promise<boolean> {
    const { room, clock, pause } = this.#fetching;
    const lane = room(this.#lane);
    if (lane.hasRoomFor(batch)) return !this.#isEnded;
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([lane.whenRoomFor(batch, signal), clock.wait(patienceMs, signal), aborted(this.#ended, signal)]);
    waiting.abort(isOver);
    if (this.#isEnded) return false;
    if (lane.hasRoomFor(batch)) return true;
    pause(this.#held, batch);
    return false;
  }
}

/** The record before the one where reading goes on says whether the log is still the same. */
function checkKnown(held: HeldPartition): void {
  const { check, message } = held;
  if (check === null || message.offset < check.offset) return;
  held.check = null;
  if (message.offset > check.offset || hashOfRecord(recordOf(message)) === check.hash) return;
  throw new MdpError('log-changed', `Kafka partition ${held.name}: the record at offset ${check.offset} is not the one ` +
    'that was read there before: the topic was deleted and made anew, or is another cluster\'s. Bring the old one ' +
    'back, or give the source another name; `mdp run --rebuild SOURCE` folds what the topic holds now from its beginning.');
}
