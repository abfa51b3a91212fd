import { healsByWaiting, MdpError, messageOf } from '../../errors.ts';
import type { Consumer, EachBatchPayload } from '../../kafka/client.ts';
import type { Decompress } from '../../kafka/record-cursor.ts';
import type { Clock } from '../../model/clock.ts';
import type { Gap } from '../../model/gap.ts';
import type { Lane } from '../../model/lane.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import { FetchControl, isOfKafka } from './fetch-control.ts';
import { HandOver } from './hand-over.ts';
import { HeldPartition, partitionName } from './held-partition.ts';
import { FetchedReader, type Fetching } from './read-fetched.ts';

export interface SessionOptions extends Omit<Fetching, 'handOver' | 'pause'> {
  readonly consumer: Consumer;
  readonly topics: readonly string[];
  readonly decompress: Decompress;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** Sets the lane of a partition and where it goes on. Throws an MdpError where only people can mend it. */
  readonly takeUp: (held: HeldPartition) => Promise<void>;
  /** A partition is not ours any more, though its lane was taken up. */
  readonly giveUp: (held: HeldPartition) => void;
  /** The names of all partitions that the group has given to us, before any of them is taken up. */
  readonly onGiven: (names: ReadonlySet<string>) => void;
  /** So many partitions are read side by side: one that waits stops no other. kafkajs asks each reader at every Fetch. */
  readonly readersMax: number;
  /** One partition is all that is wanted: where it is refused, all is. */
  readonly isAlone: boolean;
  /** A partition is not read any more, for the reason that it bears. */
  readonly onFailed: (held: HeldPartition) => void;
  /** Whether records were deleted that this partition's lane has not got. */
  readonly isCut: (held: HeldPartition) => Promise<boolean>;
  readonly onLeft: () => Promise<void>;
}

/**
 * One membership in the consumer group, from its first joining until it is left. Nothing may throw out of its handlers but
 * what kafkajs itself has thrown: anything else would end or restart the consumer behind our back.
 */
export class ConsumerSession {
  readonly #options: SessionOptions;
  readonly #control: FetchControl;
  readonly #handOver = new HandOver<TickBatch | Gap>();
  readonly #held = new Map<string, HeldPartition>();
  readonly #readers = new Set<FetchedReader>();
  /** By partition: the take-up that is under way. One at a time, or a lane would be taken up twice. */
  readonly #taking = new Map<string, Promise<void>>();
  readonly #ended = new AbortController();
  #isMember = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { consumer } = options;
    this.#control = new FetchControl(consumer);
    consumer.on('consumer.group_join', ({ payload }) => this.#joined(payload.memberAssignment));
    consumer.on('consumer.crash', ({ payload }) => this.#handOver.close(payload.error));
  }

  /** Joins the group and gives what is read until `drain` fires; the membership outlives that, until `leave`. */
  async *items(drain: AbortSignal): AsyncGenerator<TickBatch | Gap, void> {
    const { consumer, topics } = this.#options;
    drain.addEventListener('abort', () => this.#stopReading(), { once: true });
    this.#isMember = true;
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    if (drain.aborted) return;
    await consumer.run({
      autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: this.#options.readersMax,
      eachBatch: (payload) => this.#onFetched(payload),
    });
    if (this.#ended.signal.aborted) { // Left while it joined.
      await consumer.disconnect().catch(() => {});
      return;
    }
    void this.#beat();
    if (drain.aborted) return this.#stopReading();
    yield* this.#handOver.items();
  }

  /** Nothing of the lane counts as it was taken up: it is taken up anew, if its partition is still ours. */
  retake(lane: Lane): void {
    const held = this.held.find((one) => one.lane === lane);
    if (held !== undefined) this.#takeAnew(held);
  }

  get held(): readonly HeldPartition[] {
    return [...this.#held.values()];
  }

  /** Tells the group how far a lane is safe. For lag tools only: nothing resumes from there. */
  async commit(lane: Lane, position: number): Promise<void> {
    const held = this.held.find((one) => one.lane?.name === lane.name);
    if (held === undefined || this.#ended.signal.aborted) return;
    const { topic, partition } = held;
    const { consumer, figures } = this.#options;
    const sinceMs = figures.nowMs();
    const offsets = [{ topic, partition, offset: String(position) }];
    const failed = await consumer.commitOffsets(offsets).then(() => false, () => true);
    figures.committed(topic, { sinceMs, failed });
  }

  /** What reads a Fetch now: where one of them stays, we are held back. */
  get readers(): ReadonlySet<object> {
    return this.#readers;
  }

  /** Leaves the group. Never throws: what cannot be said goodbye to will notice. */
  async leave(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#stopReading();
    const wasMember = this.#isMember;
    this.#isMember = false;
    if (wasMember) await this.#options.consumer.disconnect().catch(() => {});
    await this.#options.onLeft().catch(() => {});
    await Promise.all(this.#taking.values()); // None may end beside a take-up of the same lane by the next session.
  }

  #stopReading(): void {
    this.#pause(this.held);
    this.#handOver.close();
  }

  /** Called before the first Fetch of a membership: what is paused here is not fetched. */
  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    const given = Object.entries(assignment)
      .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    const names = new Set(given.map(({ topic, partition }) => partitionName(topic, partition)));
    this.#options.onGiven(names);
    for (const held of this.held) if (!names.has(held.name)) this.#giveAway(held);
    for (const { topic, partition } of given) {
      const held = this.#held.get(partitionName(topic, partition));
      if (held === undefined) this.#take(new HeldPartition(topic, partition, this.#options.decompress));
      else this.#goOn(held);
    }
  }

  /** It was ours before: kafkajs has forgotten where it stood. */
  #goOn(held: HeldPartition): void {
    held.beginTurn();
    this.#pause([held]);
    if (held.state === 'reading' || held.state === 'full') this.#fetchFrom(held);
  }

  #take(held: HeldPartition): void {
    this.#held.set(held.name, held);
    this.#pause([held]);
    const taking = (this.#taking.get(held.name) ?? Promise.resolve()).then(async () => {
      if (held.isGone) return;
      try {
        await this.#options.takeUp(held);
        if (held.isGone) return this.#forget(held);
        held.state = 'reading';
        this.#fetchFrom(held);
      } catch (error) {
        this.failed(held, error);
      }
    });
    this.#taking.set(held.name, taking);
  }

  #takeAnew(held: HeldPartition): void {
    held.giveAway();
    this.#options.giveUp(held);
    if (!this.#handOver.isClosed) this.#take(new HeldPartition(held.topic, held.partition, this.#options.decompress));
  }

  #giveAway(held: HeldPartition): void {
    held.giveAway();
    this.#held.delete(held.name);
    this.#options.giveUp(held);
  }

  /** Taken up for somebody who does not want it any more: another take-up of it may have come since. */
  #forget(held: HeldPartition): void {
    if (!this.#held.has(held.name)) this.#options.giveUp(held);
  }

  #fetchFrom(held: HeldPartition): void {
    if (!this.#handOver.isClosed) this.#control.fetchFrom(held);
  }

  #pause(held: readonly HeldPartition[]): void {
    if (this.#isMember) this.#control.pause(held);
  }

  /** Others of the same broker would wait with it. */
  #pauseUntilRoom(held: HeldPartition, batch: TickBatch): void {
    held.state = 'full';
    this.#pause([held]);
    const { fetching } = held;
    void this.#options.room(held.lane!).whenRoomFor(batch, fetching).then(() => {
      if (held.state !== 'full' || held.isGone) return;
      held.state = 'reading';
      this.#fetchFrom(held);
    });
  }

  async #onFetched(payload: EachBatchPayload): Promise<void> {
    const held = this.#held.get(partitionName(payload.batch.topic, payload.batch.partition));
    if (held === undefined || held.lane === null || held.state !== 'reading' || this.#handOver.isClosed) return;
    const from = fetchedFrom(payload);
    // Before what we asked for: the log ends there, and kafkajs has gone back to its beginning without a word.
    if (from < held.fetchNext || (from > held.fetchNext && (await this.#isCut(held)))) return this.#takeAnew(held);
    const pause = (full: HeldPartition, batch: TickBatch): void => this.#pauseUntilRoom(full, batch);
    const reader = new FetchedReader(held, held.lane, payload, { ...this.#options, handOver: this.#handOver, pause });
    this.#readers.add(reader);
    try {
      await reader.read();
    } catch (error) {
      if (isOfKafka(error)) throw error;
      this.failed(held, error);
    } finally {
      this.#readers.delete(reader);
    }
  }

  async #isCut(held: HeldPartition): Promise<boolean> {
    try {
      return await this.#options.isCut(held);
    } catch (error) {
      this.#handOver.close(error instanceof Error ? error : new Error(messageOf(error)));
      return true;
    }
  }

  /** What people must mend stops one partition; anything else the whole membership, which is then begun anew. */
  failed(held: HeldPartition, error: unknown): void {
    if (held.isGone) return;
    this.#pause([held]);
    const isForPeople = error instanceof MdpError && !healsByWaiting(error) && !this.#options.isAlone;
    if (isForPeople) this.#options.onFailed(held.fail(error));
    else this.#handOver.close(error instanceof Error ? error : new Error(messageOf(error)));
  }

  /** Whoever waits for room, for the sink or for a budget is still a member of the group. */
  async #beat(): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    while (!this.#ended.signal.aborted) {
      await clock.wait(heartbeatMs, this.#ended.signal);
      await Promise.all([...this.#readers].map((reader) => reader.beat()));
    }
  }
}

/** Where the Fetch began: behind what we asked for where records were deleted, and kafkajs has gone on without a word. */
function fetchedFrom({ batch }: EachBatchPayload): number {
  return 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : Number(batch.firstOffset());
}
