import { BarColumns, barState } from '../../src/model/bar.ts';
import type { Lane } from '../../src/model/lane.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';

export function laneOf(overrides: Partial<Lane> = {}): Lane {
  return {
    name: 'test/source', source: 'source', generation: 1, pausable: true, complete: false, fromPosition: 0,
    storedUntilMs: -Infinity,
    ...overrides,
  };
}

export interface PlainTick {
  readonly instrument?: number;
  readonly price?: number;
  readonly size?: number;
  readonly side?: number;
  readonly eventTimeMs: number;
  readonly position?: number;
}

/** A batch of plain ticks; positions count from `firstPosition`. */
export function batchOf(lane: Lane, ticks: readonly PlainTick[], overrides: Partial<TickBatch> = {}): TickBatch {
  const column = (value: (tick: PlainTick, index: number) => number): Float64Array => Float64Array.from(ticks, value);
  const position = column((tick, index) => tick.position ?? index);
  return {
    kind: 'ticks', lane, length: ticks.length,
    instrument: Int32Array.from(ticks, (tick) => tick.instrument ?? 0),
    price: column((tick) => tick.price ?? 100),
    size: column((tick) => tick.size ?? 1),
    side: Uint8Array.from(ticks, (tick) => tick.side ?? 1),
    eventTimeMs: column((tick) => tick.eventTimeMs),
    position, order: position,
    receivedTimeMs: ticks.at(-1)?.eventTimeMs ?? 0,
    nextPosition: (position.at(-1) ?? -1) + 1,
    atLogEnd: false, rejects: [], inexactCount: 0,
    ...overrides,
  };
}

export interface PlainBar {
  readonly instrument?: number;
  readonly spec?: number;
  readonly openTimeMs: number;
  readonly close?: number;
  readonly position?: number;
  readonly again?: number;
  readonly revision?: number;
}

/** Closed bars of one minute that differ in what is given. */
export function barsOf(rows: readonly PlainBar[]): BarColumns {
  const bars = new BarColumns(Math.max(1, rows.length));
  for (const plain of rows) {
    const row = bars.add();
    const close = plain.close ?? 100;
    bars.instrument[row] = plain.instrument ?? 0;
    bars.spec[row] = plain.spec ?? 0;
    bars.openTimeMs[row] = plain.openTimeMs;
    bars.closeTimeMs[row] = plain.openTimeMs + 60_000;
    bars.barIndex[row] = 0;
    bars.open[row] = bars.high[row] = bars.low[row] = bars.close[row] = close;
    bars.volume[row] = 1;
    bars.notional[row] = close;
    bars.buyVolume[row] = 1;
    bars.sellVolume[row] = 0;
    bars.trades[row] = 1;
    bars.quality[row] = 0;
    bars.state[row] = barState.closed;
    bars.revision[row] = plain.revision ?? 0;
    bars.whole[row] = 1;
    bars.position[row] = plain.position ?? 0;
    bars.again[row] = plain.again ?? 0;
  }
  return bars;
}
