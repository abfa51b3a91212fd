import { MdpError } from '../errors.ts';
import type { CheckpointMarker } from '../model/checkpoint.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import { isRows, rowCount, type DeadLetter, type RowBatch, type SinkItem } from '../model/rows.ts';
import type { QueueGroup } from '../queues/queue-group.ts';
import type { GatedSink } from './attempt-gate.ts';
import { gatherBatches, type GatherLimits } from './gather-batches.ts';
import { mergeBatches, splitBatch, withoutRow } from './reshape-batch.ts';
import { letterOfRow, type RowNames } from './set-aside.ts';
import type { RowsDropReason, SinkWorkerEvents } from './sink-events.ts';
import type { SinkTally } from './sink-tally.ts';
import { asSinkError, type WriteResult } from './sink.ts';

/** What the workers of a pool share. */
export interface SinkWorkerContext {
  readonly sinks: readonly GatedSink[];
  readonly names: RowNames;
  readonly clock: Clock;
  readonly tally: SinkTally;
  readonly events: SinkWorkerEvents;
  readonly lostLanes: WeakSet<Lane>;
  readonly abort: AbortSignal;
  readonly onLaneLost: (lane: Lane) => void;
  readonly gather: GatherLimits;
}

/** Rows that are written together. */
interface Piece {
  readonly batch: RowBatch;
  /** Sinks that have these rows already: the first so many. */
  readonly sinksDone: number;
  readonly failures: number;
  /** Rows that a sink kept as dead letters by itself. */
  readonly setAside: number;
}

/**
 * Takes batches of its shard and writes each to every sink, until all have it or it is given up on record. One at a
 * time, in order: rows of one key reach the database in the order in which they were made.
 */
export class SinkWorker {
  readonly #context: SinkWorkerContext;
  readonly #group: QueueGroup<SinkItem>;
  /** In hand. More than one where a batch had to be divided. */
  #pieces: Piece[] = [];
  /** Queue batches that the pieces were made of. */
  #batches = 0;
  readonly #ownLetters = new WeakSet<DeadLetter>();

  constructor(context: SinkWorkerContext, group: QueueGroup<SinkItem>) {
    this.#context = context;
    this.#group = group;
  }

  get busy(): boolean {
    return this.#pieces.length > 0;
  }

  /** Whether it tries something again. */
  get retrying(): boolean {
    return (this.#pieces[0]?.failures ?? 0) > 0;
  }

  /** When the oldest row that it has in hand was emitted; Infinity when it has none. */
  oldestRowAtMs(): number {
    return Math.min(Infinity, ...this.#pieces.map(({ batch }) => batch.openedAtMs));
  }

  rowsInFlight(): number {
    return this.#pieces.reduce((sum, { batch }) => sum + rowCount(batch), 0);
  }

  /** Resolves when its group is finished, or after abort. Throws an MdpError `sink-failed` when a sink refuses. */
  async run(): Promise<void> {
    const { abort, sinks, lostLanes } = this.#context;
    while (await this.#take()) {
      for (let piece = this.#pieces[0]; piece !== undefined && !abort.aborted; piece = this.#pieces[0]) {
        const { sink, gate } = sinks[piece.sinksDone];
        if (lostLanes.has(piece.batch.lane)) this.#drop(piece, 'lane-lost');
        else if (sink.wants?.(piece.batch) === false) this.#passSink(piece, 0);
        else if (await gate.enter()) await this.#write(piece);
      }
    }
    this.giveUp('forced-end');
  }

  /** Counts as lost what is in hand. */
  giveUp(reason: RowsDropReason): void {
    while (this.#pieces.length > 0) this.#drop(this.#pieces[0], reason);
  }

  /** Waits for a batch and takes along what fits of those behind it. False: nothing will come. */
  async #take(): Promise<boolean> {
    const { abort } = this.#context;
    while (!abort.aborted) {
      const taken = this.#group.tryTake();
      if (taken === undefined) {
        if (this.#group.finished) return false;
        await this.#group.woken(abort);
      } else if (isRows(taken.item)) {
        this.#hold(gatherBatches(taken.item, taken.queue, this.#context.gather));
        return true;
      } else this.#passMarker(taken.item);
    }
    return false;
  }

  /** What came before it in this shard has been through these hands, one at a time. */
  #passMarker(marker: CheckpointMarker): void {
    if (this.#context.lostLanes.has(marker.lane)) marker.giveUp();
    else marker.pass();
  }

  /** Without a pause between the queue and the hand: the ledger is right at every moment. */
  #hold(batches: readonly RowBatch[]): void {
    const { merged, superseded } = mergeBatches(batches);
    this.#context.tally.rows.superseded += superseded;
    this.#batches = batches.length;
    this.#pieces = [newPiece(merged)];
    this.#context.events.rowsTaken(merged);
  }

  async #write(piece: Piece): Promise<void> {
    const { sinks, clock, tally, events, abort } = this.#context;
    const { batch } = piece;
    const { sink, gate } = sinks[piece.sinksDone];
    const startedAtMs = clock.nowMs();
    let result: WriteResult;
    try {
      result = await sink.write(batch, abort);
    } catch (error) {
      if (!abort.aborted) await this.#failed(piece, error, (clock.nowMs() - startedAtMs) / 1_000);
      return;
    }
    gate.succeeded();
    const nowMs = clock.nowMs();
    tally.written(sink.name, result, nowMs);
    const { lane, openedAtMs, madeBy } = batch;
    const done = { sink: sink.name, lane, rows: rowCount(batch), result, openedAtMs, madeBy };
    events.committed(done, (nowMs - startedAtMs) / 1_000);
    for (const letter of result.setAside) events.setAside(lane, letter, madeBy);
    this.#passSink(piece, result.setAside.length);
  }

  /** This sink has what it wants of the rows: now the next one. */
  #passSink(piece: Piece, setAside: number): void {
    const next = { ...piece, sinksDone: piece.sinksDone + 1, failures: 0, setAside: piece.setAside + setAside };
    if (next.sinksDone < this.#context.sinks.length) this.#pieces[0] = next;
    else this.#finish(next);
  }

  async #failed(piece: Piece, error: unknown, seconds: number): Promise<void> {
    const { sinks, tally, events, lostLanes, onLaneLost } = this.#context;
    const { sink, gate } = sinks[piece.sinksDone];
    const { failure, message } = asSinkError(error);
    const { batch } = piece;
    const rows = rowCount(batch);
    const failures = piece.failures + 1;
    tally.failed(sink.name, failure.kind, message);
    const { lane, madeBy } = batch;
    events.failedAttempt({ sink: sink.name, lane, rows, kind: failure.kind, message, failures, seconds, madeBy });
    switch (failure.kind) {
      case 'unavailable': case 'unknown':
        return this.#retryLater(piece);
      case 'too-large':
        if (rows < 2) return this.#retryLater(piece);
        gate.succeeded();
        return this.#divide(piece);
      case 'bad-row':
        gate.succeeded();
        if (failure.rowIndex !== undefined) return this.#setAside(piece, failure.rowIndex, message);
        return rows < 2 ? this.#setAside(piece, 0, message) : this.#divide(piece);
      case 'lane-lost':
        gate.succeeded();
        lostLanes.add(failure.lane);
        events.laneLost(failure.lane);
        return onLaneLost(failure.lane);
      case 'misconfigured':
        throw new MdpError('sink-failed', message, error);
    }
  }

  async #retryLater(piece: Piece): Promise<void> {
    const { sinks, tally, events, abort } = this.#context;
    const { sink, gate } = sinks[piece.sinksDone];
    const failures = piece.failures + 1;
    this.#pieces[0] = { ...piece, failures };
    gate.failed();
    await gate.backOff(failures);
    if (abort.aborted) return;
    tally.retries++;
    events.retried(sink.name, piece.batch.lane);
  }

  #divide(piece: Piece): void {
    const [before, after] = splitBatch(piece.batch);
    const { sinksDone } = piece;
    this.#pieces.splice(0, 1, { ...piece, batch: before, failures: 0 }, { ...newPiece(after), sinksDone });
  }

  /** The row goes on as a dead letter, in the next transaction; a dead letter that is refused itself is given up. */
  #setAside(piece: Piece, rowIndex: number, message: string): void {
    const { names, clock, tally, events } = this.#context;
    const { batch } = piece;
    const isLetter = rowIndex >= rowCount(batch) - batch.deadLetters.length;
    const letter = isLetter ? null
      : letterOfRow(batch, rowIndex, names, { reason: 'refused', message, atMs: clock.nowMs() });
    const rest = withoutRow(batch, rowIndex, letter);
    if (letter === null) tally.dropRows(1, 'dead-letter-refused');
    else this.#ownLetters.add(letter);
    if (rowCount(rest) > 0) this.#pieces[0] = { ...piece, batch: rest, failures: 0 };
    else this.#leave('dead-letter-refused');
    if (letter === null) events.rowsDropped(batch.lane, 1, 'dead-letter-refused');
  }

  #finish(piece: Piece): void {
    const { tally, events } = this.#context;
    const { batch } = piece;
    const own = batch.deadLetters.filter((letter) => this.#ownLetters.has(letter));
    tally.rows.setAside += own.length + piece.setAside;
    tally.rows.committed += rowCount(batch) - own.length - piece.setAside;
    this.#leave(null);
    for (const letter of own) events.setAside(batch.lane, letter, batch.madeBy);
  }

  #drop(piece: Piece, reason: RowsDropReason): void {
    const { tally, events } = this.#context;
    const rows = rowCount(piece.batch);
    tally.dropRows(rows, reason);
    this.#leave(reason);
    events.rowsDropped(piece.batch.lane, rows, reason);
  }

  /** The first piece is accounted for; with the last one its batches are: committed, or given up for `reason`. */
  #leave(reason: RowsDropReason | null): void {
    this.#pieces.shift();
    if (this.#pieces.length > 0) return;
    if (reason === null) this.#context.tally.batchesCommitted += this.#batches;
    else this.#context.tally.dropBatches(this.#batches, reason);
  }
}

function newPiece(batch: RowBatch): Piece {
  return { batch, sinksDone: 0, failures: 0, setAside: 0 };
}
