import { sumOf } from '../../../model/status.ts';
import type { PipelineStatus, QueueStatus } from '../../../model/status.ts';

/* What the map shows, made of two looks at /api/status. Pure. */

/** One of the two kinds of queue, all lanes together. */
export interface QueueSum {
  readonly depth: number; // Batches.
  readonly capacity: number;
  /** Of the lane whose queue has been fullest, as its share of the capacity, 0 to 1. */
  readonly highWaterShare: number;
  readonly dropped: number;
}

export interface Flow {
  /** Per second, over the time between the two looks; null before the second. */
  readonly received: number | null;
  readonly aggregated: number | null;
  readonly emitted: number | null;
  readonly committed: number | null;
  readonly op: QueueSum;
  readonly sink: QueueSum;
}

export function flowOf(now: PipelineStatus, before: PipelineStatus | null): Flow {
  const rate = (count: (of: PipelineStatus) => number): number | null => {
    // Another process answers after a restart: its counts began anew.
    if (before === null || before.startedAtMs !== now.startedAtMs || now.nowMs <= before.nowMs) return null;
    return Math.max(0, (count(now) - count(before)) / ((now.nowMs - before.nowMs) / 1_000));
  };
  return {
    received: rate(({ ticks }) => ticks.received),
    aggregated: rate(({ ticks }) => ticks.aggregated),
    emitted: rate(({ rows }) => rows.emitted),
    committed: rate(({ rows }) => rows.committed),
    op: queueSum(now.lanes.map(({ opQueue }) => opQueue)),
    sink: queueSum(now.lanes.map(({ sinkQueue }) => sinkQueue)),
  };
}

function queueSum(queues: readonly QueueStatus[]): QueueSum {
  const sum = (count: (queue: QueueStatus) => number): number => queues.reduce((total, queue) => total + count(queue), 0);
  return {
    depth: sum(({ depth }) => depth), capacity: sum(({ capacity }) => capacity), dropped: sum(({ dropped }) => dropped),
    highWaterShare: Math.max(0, ...queues.map(({ highWater, capacity }) => (capacity === 0 ? 0 : highWater / capacity))),
  };
}

/** A term of a ledger, with what it is made of where it has parts. */
export interface Term {
  readonly name: string;
  readonly value: number;
  readonly parts: readonly (readonly [string, number])[];
}

export interface Ledger {
  readonly title: string;
  readonly unit: string;
  /** Both sides are equal at every moment. */
  readonly left: readonly Term[];
  readonly right: readonly Term[];
}

const term = (name: string, value: number): Term => ({ name, value, parts: [] });

function termOf(name: string, counts: Readonly<Record<string, number>>): Term {
  return { name, value: sumOf(counts), parts: Object.entries(counts).sort(([, one], [, other]) => other - one) };
}

export function ledgersOf({ ticks, rows }: Pick<PipelineStatus, 'ticks' | 'rows'>): readonly Ledger[] {
  return [
    {
      title: 'Ticks', unit: 'ticks',
      left: [term('received', ticks.received), term('restored as held', ticks.restored)],
      right: [
        term('in bars', ticks.aggregated), term('duplicate', ticks.duplicate), term('late', ticks.late),
        term('excluded', ticks.excluded), termOf('rejected', ticks.rejected), termOf('dropped', ticks.dropped),
        term('held', ticks.held), term('in flight', ticks.inFlight),
      ],
    },
    {
      title: 'Rows', unit: 'rows',
      left: [term('emitted', rows.emitted)],
      right: [
        term('committed', rows.committed), term('superseded', rows.superseded), term('set aside', rows.setAside),
        termOf('dropped', rows.dropped), term('in flight', rows.inFlight),
      ],
    },
  ];
}

/** Left side less right side: 0 unless something was lost in silence. */
export function imbalanceOf({ left, right }: Ledger): number {
  const total = (terms: readonly Term[]): number => terms.reduce((sum, { value }) => sum + value, 0);
  return total(left) - total(right);
}
