import { RawMessage, RecordCursor, type Decompress } from '../../kafka/record-cursor.ts';
import { MdpError } from '../../errors.ts';
import type { Lane, LaneStart } from '../../model/lane.ts';
import { hashOfRecord } from '../../model/record-hash.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import { MessageTail, placesMax } from './message-tail.ts';

/** The record before the one where reading goes on: it must still be the same. */
export interface LastRecordCheck {
  readonly offset: number;
  /** SHA-256, in hex. */
  readonly hash: string;
}

/**
 * One partition that the group has given to this process.
 *   taking   its lane is being taken up, and nothing is fetched;
 *   reading  it is fetched;
 *   full     its lane has no room, and nothing is fetched;
 *   failed   nothing is fetched until somebody has mended what `error` says.
 */
export class HeldPartition {
  readonly topic: string;
  readonly partition: number;
  /** `trade-data/3`. */
  readonly name: string;
  state: 'taking' | 'reading' | 'full' | 'failed' = 'taking';
  lane: Lane | null = null;
  /** Of the next record that its lane has not got. */
  next = 0;
  /** Where the next Fetch begins: behind `next` where records follow that are none of ours, such as ends of transactions. */
  fetchNext = 0;
  /** Behind the newest record that the broker has told of. */
  logEnd: number | null = null;
  check: LastRecordCheck | null = null;
  /** Records were deleted unread: where the lane stood, and what it knew. */
  deletion: LaneStart | null = null;
  error: MdpError | null = null;
  /** The record before `next`, once one was handed on. */
  #last: Uint8Array | null = null;
  /** Fires when it is given away or taken up anew. */
  readonly #gone = new AbortController();
  #fetching = new AbortController();
  readonly cursor: RecordCursor;
  readonly message = new RawMessage();
  /** Where the messages stand that were read last. */
  readonly tail = new MessageTail();

  constructor(topic: string, partition: number, decompress: Decompress) {
    this.topic = topic;
    this.partition = partition;
    this.name = partitionName(topic, partition);
    this.cursor = new RecordCursor(decompress, placesMax);
  }

  get isGone(): boolean {
    return this.#gone.signal.aborted;
  }

  /** Fires when what was fetched up to now is not to be handed on any more. */
  get fetching(): AbortSignal {
    return this.#fetching.signal;
  }

  /** Its lane has this batch now. */
  took({ nextPosition, lastRecord }: TickBatch): void {
    this.next = nextPosition;
    this.check = null;
    if (lastRecord !== undefined) this.#last = lastRecord;
  }

  /** Nothing was fetched for a while: the topic may be another one by now, and must show the record that was read last. */
  checkAgain(): void {
    if (this.#last !== null) this.check = { offset: this.next - 1, hash: hashOfRecord(this.#last) };
  }

  /** The group was joined anew: it is fetched from `next` on again. */
  beginTurn(): void {
    this.#fetching.abort();
    this.#fetching = new AbortController();
  }

  giveAway(): void {
    this.#gone.abort();
    this.#fetching.abort();
  }

  fail(error: MdpError): this {
    this.state = 'failed';
    const saysWhere = error.message.includes(this.name);
    this.error = saysWhere ? error : new MdpError(error.code, `Kafka partition ${this.name}: ${error.message}`, error);
    this.#fetching.abort();
    return this;
  }
}

export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
