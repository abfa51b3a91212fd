import type { AlertRow } from '../model/alert.ts';
import type { BarColumns } from '../model/bar.ts';
import type { CheckpointMarker } from '../model/checkpoint.ts';
import type { Gap } from '../model/gap.ts';
import { IndicatorColumns } from '../model/indicator.ts';
import type { Lane } from '../model/lane.ts';
import {
  barBytes, byteCount, createRowBatch, indicatorBytes, isRows, rowCount, type DeadLetter, type LateTick, type RowBatch,
  type SinkItem,
} from '../model/rows.ts';
import type { Settings, ValuesOf } from '../model/setting.ts';
import { spanRefsMax, type SpanRef } from '../model/trace.ts';
import type { BoundedQueue } from '../queues/bounded-queue.ts';
import { OpenRows } from './open-rows.ts';
import { RowCounts } from './row-counts.ts';

export const pipelineSettings = {
  batch_size: {
    type: 'integer', default: 500, min: 1, max: 20_000, env: 'PIPELINE_BATCH_SIZE',
    doc: 'Rows at which a batch closes. A lower bound: what one window emits stays together, up to 20,000 rows.',
  },
  flush_ms: {
    type: 'integer', default: 100, min: 1, max: 60_000, env: 'PIPELINE_FLUSH_MS',
    doc: 'Longest time that a row waits for its batch to fill, in milliseconds.',
  },
  max_bytes: {
    type: 'integer', default: 512_000, min: 4_096, max: 16_777_216, env: 'PIPELINE_MAX_BYTES',
    doc: 'Size in memory at which a batch closes, in bytes.',
  },
} as const satisfies Settings;

/** One COPY of 20,000 bars is some 5 MB on the wire; larger ones were measured to gain nothing. */
export const batchRowsMax = 20_000;
/** A backlog of so many full batches goes in one transaction: larger ones were measured to gain nothing. */
export const mergedBatches = 4;

export interface RowBatcherOptions {
  readonly lane: Lane;
  readonly settings: ValuesOf<typeof pipelineSettings>;
  /** An instrument always has the same one. */
  readonly queues: readonly BoundedQueue<SinkItem>[];
  /** By queue, the worker that takes from it: what batches carry as their shard. */
  readonly shards: readonly number[];
  readonly nowMs: () => number;
  /** Told of every record that was rejected. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Given each block of bars after it was copied, for what is computed from bars and for those who look. */
  readonly onBars?: (rows: BarColumns) => void;
  readonly onIndicators?: (rows: IndicatorColumns) => void;
  readonly onGap?: (gap: Gap) => void;
}

interface OpenBatch {
  readonly batch: RowBatch;
  readonly bars: OpenRows<BarColumns>;
  readonly indicators: OpenRows<IndicatorColumns>;
  /** The last of those that the batch has noted. */
  span: SpanRef | null;
}

/**
 * Collects what a lane's operators emit into batches, one open batch a shard, and puts them into the sink queue. Rows of
 * one key are never twice in a batch: the newer takes the place of the older.
 */
export class RowBatcher {
  /** Of the batch of ticks that is being folded; null between two, and where nobody traces. */
  span: SpanRef | null = null;
  readonly counts = new RowCounts();
  readonly #options: RowBatcherOptions;
  readonly #open: (OpenBatch | null)[];
  /** By shard: bars and values in the last batch, which is as a rule what the next will have. */
  readonly #rowsBefore: number[];
  readonly #valuesBefore: number[];
  /** Closed, in order. */
  readonly #ready: { readonly shard: number; readonly item: SinkItem }[] = [];

  constructor(options: RowBatcherOptions) {
    this.#options = options;
    this.#open = options.queues.map(() => null);
    this.#rowsBefore = options.queues.map(() => 0);
    this.#valuesBefore = options.queues.map(() => 0);
  }

  bars(rows: BarColumns): void {
    const shards = this.#open.length;
    this.counts.emitted += rows.length;
    for (let row = 0; row < rows.length; row++) {
      const shard = rows.instrument[row] % shards;
      const { batch, bars } = this.#into(shard);
      this.counts.countBar(rows, row);
      if (!bars.put(rows, row)) this.counts.superseded++;
      const { length } = batch.bars;
      if (length >= batchRowsMax || length * barBytes >= this.#options.settings.max_bytes) this.#close(shard);
    }
    this.#closeFull();
    this.#options.onBars?.(rows);
  }

  indicators(rows: IndicatorColumns): void {
    const shards = this.#open.length;
    this.counts.emitted += rows.length;
    for (let row = 0; row < rows.length; row++) {
      const shard = rows.instrument[row] % shards;
      const { batch, indicators } = this.#into(shard);
      if (!indicators.put(rows, row)) this.counts.superseded++;
      const { length } = batch.indicators;
      if (length >= batchRowsMax || length * indicatorBytes >= this.#options.settings.max_bytes) this.#close(shard);
    }
    this.#closeFull();
    this.#options.onIndicators?.(rows);
  }

  alert(row: AlertRow): void {
    const shard = row.instrument % this.#open.length;
    this.#into(shard).batch.alerts.push(row);
    this.counts.emitted++;
    this.counts.countAlert(row);
    this.#closeIfFull(shard);
  }

  lateTick(tick: LateTick): void {
    const shard = tick.instrument % this.#open.length;
    this.#into(shard).batch.lateTicks.push(tick);
    this.counts.emitted++;
    this.#closeIfFull(shard);
  }

  gap(gap: Gap): void {
    this.#into(0).batch.gaps.push(gap);
    this.counts.emitted++;
    this.#closeIfFull(0);
    this.#options.onGap?.(gap);
  }

  deadLetter(letter: DeadLetter): void {
    this.#into(0).batch.deadLetters.push(letter);
    this.counts.emitted++;
    this.#options.onDeadLetter?.(letter);
    this.#closeIfFull(0);
  }

  /** When the oldest open batch must go, ms since 1970; Infinity when none is open. */
  get flushDueAtMs(): number {
    let dueAtMs = Infinity;
    for (const open of this.#open) {
      if (open !== null) dueAtMs = Math.min(dueAtMs, open.batch.openedAtMs + this.#options.settings.flush_ms);
    }
    return dueAtMs;
  }

  /** Closes the batches whose time has come; all of them with Infinity. */
  flush(nowMs: number): void {
    for (let shard = 0; shard < this.#open.length; shard++) {
      const open = this.#open[shard]!;
      if (open !== null && open.batch.openedAtMs + this.#options.settings.flush_ms <= nowMs) this.#close(shard);
    }
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Puts the closed batches into their queues, in order; waits where those are full. False: a queue was closed. */
  async deliver(): Promise<boolean> {
    let delivered = true;
    while (this.#ready.length > 0) {
      const { shard, item } = this.#ready.shift()!;
      const entered = await this.#options.queues[shard].put(item);
      if (!entered && !isRows(item)) item.giveUp();
      delivered = entered && delivered;
    }
    return delivered;
  }

  /** Closes every batch and puts one marker behind the rows of each shard. */
  mark(markers: readonly CheckpointMarker[]): void {
    this.flush(Infinity);
    for (const [shard, item] of markers.entries()) this.#ready.push({ shard, item });
  }

  /** Rows that have not reached a queue yet, by walking. */
  rowsInFlight(): number {
    let rows = 0;
    for (const open of this.#open) rows += open === null ? 0 : rowCount(open.batch);
    for (const { item } of this.#ready) rows += isRows(item) ? rowCount(item) : 0;
    return rows;
  }

  /** When the oldest row that has not reached a queue was emitted; Infinity when there is none. */
  oldestRowAtMs(): number {
    const batches = [...this.#open.map((open) => open?.batch ?? null), ...this.#ready.map(({ item }) => item)];
    return Math.min(Infinity, ...batches.map((item) => (item !== null && isRows(item) ? item.openedAtMs : Infinity)));
  }

  /** Gives up what is here: a forced end. */
  abandon(): number {
    const rows = this.rowsInFlight();
    this.#open.fill(null);
    for (const { item } of this.#ready.splice(0)) if (!isRows(item)) item.giveUp();
    return rows;
  }

  /** The open batch, which notes where its rows come from. */
  #into(shard: number): OpenBatch {
    const open = this.#open[shard] ?? this.#start(shard);
    const { span } = this;
    if (span !== null && span !== open.span && (open.batch.madeBy?.length ?? 0) < spanRefsMax) {
      open.batch.madeBy = [...open.batch.madeBy ?? [], span];
      open.span = span;
    }
    return open;
  }

  #start(shard: number): OpenBatch {
    const { lane, nowMs, shards } = this.#options;
    const batch = {
      ...createRowBatch(lane, shards[shard], nowMs(), this.#rowsBefore[shard]),
      indicators: new IndicatorColumns(this.#valuesBefore[shard]),
    };
    const [bars, indicators] = [new OpenRows(batch.bars), new OpenRows(batch.indicators)];
    return this.#open[shard] = { batch, bars, indicators, span: null };
  }

  #close(shard: number): void {
    const open = this.#open[shard]!;
    if (open === null) return;
    this.#rowsBefore[shard] = open.batch.bars.length;
    this.#valuesBefore[shard] = open.batch.indicators.length;
    this.#ready.push({ shard, item: open.batch });
    this.#open[shard] = null;
  }

  #closeFull(): void {
    for (let shard = 0; shard < this.#open.length; shard++) this.#closeIfFull(shard);
  }

  #closeIfFull(shard: number): void {
    const open = this.#open[shard]!;
    if (open === null) return;
    const { batch_size, max_bytes } = this.#options.settings;
    if (rowCount(open.batch) >= batch_size || byteCount(open.batch) >= max_bytes) this.#close(shard);
  }
}
