import type { LaneRuntime } from './lane-runtime.ts';
import { addCounts, type RowLedger, type TickLedger } from './model/status.ts';

/** A ledger to be added up, term by term. */
export type Sums<L> = { -readonly [T in keyof L]: L[T] extends number ? number : Record<string, number> };

export function noTicks(): Sums<TickLedger> {
  return {
    received: 0, restored: 0, aggregated: 0, duplicate: 0, late: 0, excluded: 0, rejected: {}, dropped: {}, held: 0,
    inFlight: 0,
  };
}

export function addTicks(total: Sums<TickLedger>, part: TickLedger): void {
  for (const term of ['received', 'restored', 'aggregated', 'duplicate', 'late', 'excluded', 'held', 'inFlight'] as const) {
    total[term] += part[term];
  }
  addCounts(total.rejected, part.rejected);
  addCounts(total.dropped, part.dropped);
}

/** What a lane adds to the ledger of rows; what lies behind its sink queues the pool adds. */
export type LaneRows = Pick<RowLedger, 'emitted' | 'superseded' | 'dropped' | 'inFlight'>;

export function addRows(total: Sums<LaneRows>, part: LaneRows): void {
  total.emitted += part.emitted;
  total.superseded += part.superseded;
  total.inFlight += part.inFlight;
  addCounts(total.dropped, part.dropped);
}

/**
 * Lanes that somebody else is further on with. Their rows still go to the sink, and their counts stay in both ledgers; of
 * one that has nothing on its way any more only the counts are kept.
 */
export class RetiredLanes {
  readonly #lanes = new Set<LaneRuntime>();
  readonly #ticks = noTicks();
  readonly #rows: Sums<LaneRows> = { emitted: 0, superseded: 0, dropped: {}, inFlight: 0 };

  add(lane: LaneRuntime): void {
    this.#lanes.add(lane);
  }

  /** Lanes that are done: the caller takes their queues away. */
  release(): LaneRuntime[] {
    const done = [...this.#lanes].filter(isDone);
    for (const lane of done) {
      addTicks(this.#ticks, lane.ticks());
      addRows(this.#rows, lane.rows());
      this.#lanes.delete(lane);
    }
    return done;
  }

  get lanes(): readonly LaneRuntime[] {
    return [...this.#lanes];
  }

  ticks(): TickLedger {
    const total = noTicks();
    addTicks(total, this.#ticks);
    for (const lane of this.#lanes) addTicks(total, lane.ticks());
    return total;
  }

  rows(): LaneRows {
    const total = { emitted: 0, superseded: 0, dropped: {}, inFlight: 0 };
    addRows(total, this.#rows);
    for (const lane of this.#lanes) addRows(total, lane.rows());
    return total;
  }
}

/** A marker behind the last rows is on its way too: its checkpoint is waited for by whoever takes the lane up again. */
function isDone(lane: LaneRuntime): boolean {
  return lane.ended && lane.sinkQueues.every(({ depth }) => depth === 0) && lane.rows().inFlight === 0;
}
