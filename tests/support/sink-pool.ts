import type { Clock } from '../../src/model/clock.ts';
import type { CheckpointMarker } from '../../src/model/checkpoint.ts';
import { byteCount, isRows, rowCount, type RowBatch, type SinkItem } from '../../src/model/rows.ts';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { QueueGroup } from '../../src/queues/queue-group.ts';
import { SinkPoolRunner, type SinkPoolOptions } from '../../src/sinks/run-sink-pool.ts';
import type { SinkPoolEvents } from '../../src/sinks/sink-events.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import type { RowNames } from '../../src/sinks/set-aside.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { specNames } from './sink-rows.ts';

/** What a pool has told, in order, in short words. */
export class PoolDiary implements SinkPoolEvents {
  readonly lines: string[] = [];
  /** What went wrong, in the words of the sink. */
  readonly messages: string[] = [];
  /** Called at every happening. */
  onHappening: () => void = () => {};

  rowsTaken: SinkPoolEvents['rowsTaken'] = () => {};
  committed: SinkPoolEvents['committed'] = ({ sink, rows }) => this.#note(`committed ${sink} ${rows}`);
  failedAttempt: SinkPoolEvents['failedAttempt'] = ({ kind, failures, message }) => {
    this.messages.push(message);
    this.#note(`failed ${kind} ${failures}`);
  };
  retried: SinkPoolEvents['retried'] = () => this.#note('retried');
  laneLost: SinkPoolEvents['laneLost'] = (lane) => this.#note(`lane lost ${lane.name}`);
  rowsDropped: SinkPoolEvents['rowsDropped'] = (_, count, reason) => this.#note(`dropped ${count} ${reason}`);
  setAside: SinkPoolEvents['setAside'] = (_, letter) => this.#note(`set aside ${letter.reason}`);
  breakerChanged: SinkPoolEvents['breakerChanged'] = (_, state) => this.#note(`breaker ${state}`);

  count(start: string): number {
    return this.lines.filter((line) => line.startsWith(start)).length;
  }

  #note(line: string): void {
    this.lines.push(line);
    this.onHappening();
  }
}

/** A pool with its queues, one a worker and lane, and the ledger of what went in. */
export class PoolRig {
  readonly pool: SinkPoolRunner;
  readonly diary = new PoolDiary();
  readonly groups: readonly QueueGroup<SinkItem>[];
  readonly #queues = new Map<string, BoundedQueue<SinkItem>>();
  #emitted = 0;

  constructor(options: { sinks: readonly Sink[]; clock: Clock; names?: RowNames; workers?: number } & Partial<SinkPoolOptions>) {
    const { workers = 1, names = namesOf() } = options;
    this.groups = Array.from({ length: workers }, () => new QueueGroup<SinkItem>());
    this.pool = new SinkPoolRunner({
      retry: { base_ms: 50, max_ms: 30_000, multiplier: 2 }, breaker: { failures: 5, reset_ms: 30_000, drain_reset_ms: 1_000 },
      batchBytesMax: 512_000, random: () => 0.5, ...options, names, groups: this.groups, events: this.diary,
    });
  }

  put(batch: RowBatch): void {
    this.#emitted += rowCount(batch);
    this.#enter(batch, batch);
  }

  /** Puts a marker behind what is in the queue of a lane and shard. */
  mark(marker: CheckpointMarker, shard = 0): void {
    this.#enter(marker, { lane: marker.lane, shard });
  }

  #enter(item: SinkItem, batch: Pick<RowBatch, 'lane' | 'shard'>): void {
    const name = `${batch.lane.name} ${batch.shard}`;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new BoundedQueue<SinkItem>({
        itemsMax: 10_000, bytesMax: Infinity, policy: 'block', bytesOf: (item) => (isRows(item) ? byteCount(item) : 0),
      });
      this.#queues.set(name, queue);
      this.groups[batch.shard].add(queue);
    }
    if (!queue.tryPut(item)) throw new Error('the queue of a test is never full');
  }

  /** Nothing more will come. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    for (const group of this.groups) group.close();
  }

  /** Rows that no worker has taken yet. */
  queued(): number {
    return [...this.#queues.values()].flatMap((queue) => [...queue.items]).filter(isRows)
      .reduce((sum, batch) => sum + rowCount(batch), 0);
  }

  /** The row ledger: 0 when every row is accounted for. */
  imbalance(): number {
    const { committed, superseded, setAside, born, dropped } = this.pool.rows;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const held = this.pool.rowsInFlight() + this.queued();
    return this.#emitted + born - (committed + superseded + setAside + lost + held);
  }
}

function namesOf(): RowNames {
  const instruments = new InstrumentTable();
  for (const symbol of ['BTC', 'ETH', 'XRP']) instruments.intern('binance', symbol);
  return { instruments, specNames };
}
