import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BarColumns } from '../../src/model/bar.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { rowCount, type DeadLetter, type RowBatch } from '../../src/model/rows.ts';
import { KeyIndex } from '../../src/sinks/key-index.ts';
import { mergeBatches, splitBatch, withoutRow } from '../../src/sinks/reshape-batch.ts';
import { KeyOrder } from '../../src/sinks/timescale/key-order.ts';
import { barsOf, laneOf, type PlainBar } from '../support/batches.ts';

const lane = laneOf();

function batchOf(rows: readonly PlainBar[], letters = 0): RowBatch {
  return { lane, shard: 0, bars: barsOf(rows), indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: Array.from({ length: letters }, letterOf), openedAtMs: 0 };
}

function letterOf(_: unknown, position: number): DeadLetter {
  return { origin: 'tick', reason: 'malformed', message: '', place: '', bytes: new Uint8Array(), position, counter: 0, atMs: 0 };
}

/** What tells the rows of a batch apart, in order. */
function contents({ bars, deadLetters }: RowBatch): string[] {
  const rows = Array.from({ length: bars.length }, (_, row) => `${keyOf(bars, row)} at ${bars.position[row]} again ${bars.again[row]}`);
  return [...rows, ...deadLetters.map((letter) => `letter ${letter.position}`)];
}

function keyOf(bars: BarColumns, row: number): string {
  return `${bars.instrument[row]} ${bars.spec[row]} ${bars.openTimeMs[row]}`;
}

/** Few keys, so that they meet; times as they are, and times that differ in their high bits only. */
const plainBars = fc.array(fc.record({
  instrument: fc.nat(3), spec: fc.nat(2),
  openTimeMs: fc.constantFrom(0, 60_000, 120_000, 2 ** 32, 2 ** 33, 1_700_000_000_000, 1_700_000_000_000.5, -60_000),
}), { maxLength: 40 });

describe('rows of several batches as one', () => {
  it('the newest of a key is kept, in the place of the oldest, and is first where that was', () => {
    fc.assert(fc.property(fc.array(plainBars, { minLength: 1, maxLength: 5 }), (lists) => {
      const seen = new Set<string>();
      let position = 0;
      const batches = lists.map((list) => {
        const byKey = new Map(list.map((row) => [`${row.instrument} ${row.spec} ${row.openTimeMs}`, row]));
        return batchOf([...byKey].map(([key, row]) => {
          const again = seen.has(key) ? 1 : 0;
          seen.add(key);
          return { ...row, again, position: ++position };
        }));
      });
      const expected = new Map<string, string>();
      const first = new Map<string, number>();
      for (const { bars } of batches) {
        for (let row = 0; row < bars.length; row++) {
          const key = keyOf(bars, row);
          if (!first.has(key)) first.set(key, bars.again[row]);
          expected.set(key, `${key} at ${bars.position[row]} again ${first.get(key)}`);
        }
      }
      const rows = batches.reduce((sum, batch) => sum + rowCount(batch), 0);
      const { merged, superseded } = mergeBatches(batches);
      expect(contents(merged)).toEqual([...expected.values()]);
      expect(superseded).toBe(rows - expected.size);
    }));
  });

  it('a batch in two, or without one of its rows, has all its other rows in order', () => {
    fc.assert(fc.property(plainBars, fc.nat(5), fc.nat(), (rows, letters, pick) => {
      const batch = batchOf(rows.map((row, index) => ({ ...row, position: index })), letters);
      const all = contents(batch);
      fc.pre(all.length >= 2);
      const [before, after] = splitBatch(batch);
      expect(Math.abs(rowCount(before) - rowCount(after))).toBeLessThanOrEqual(1);
      expect([...contents(before), ...contents(after)]).toEqual(all);
      const rowIndex = pick % all.length;
      expect(contents(withoutRow(batch, rowIndex, null))).toEqual(all.toSpliced(rowIndex, 1));
      expect(contents(withoutRow(batch, rowIndex, letterOf(null, 99)))).toEqual([...all.toSpliced(rowIndex, 1), 'letter 99']);
      expect(contents(batch)).toEqual(all);
    }));
  });
});

describe('finding and ordering keys', () => {
  it('an index finds a row by its key, or says that there is none, while rows are added', () => {
    fc.assert(fc.property(plainBars, plainBars, (known, asked) => {
      const bars = new BarColumns(1);
      const index = new KeyIndex(bars);
      const expected = new Map<string, number>();
      const source = barsOf(known);
      for (let row = 0; row < source.length; row++) {
        expect(index.find(source, row)).toBe(expected.get(keyOf(source, row)) ?? -1);
        if (expected.has(keyOf(source, row))) continue;
        expected.set(keyOf(source, row), bars.length);
        bars.copyRow(bars.add(), source, row);
      }
      const others = barsOf(asked);
      for (let row = 0; row < others.length; row++) expect(index.find(others, row)).toBe(expected.get(keyOf(others, row)) ?? -1);
    }));
  });

  it('rows are put into one order of names and times, however instruments were numbered', () => {
    const names = fc.uniqueArray(fc.tuple(fc.constantFrom('binance', 'kraken'), fc.string({ maxLength: 3 })), {
      minLength: 4, maxLength: 8, selector: (pair) => pair.join(' / '),
    });
    fc.assert(fc.property(names, plainBars, fc.nat(), (pairs, rows, turn) => {
      const specNames = ['5m', '1m', '1s'];
      const orders = [pairs, pairs.toReversed(), [...pairs.slice(turn % pairs.length), ...pairs.slice(0, turn % pairs.length)]].map((list) => {
        const instruments = new InstrumentTable();
        const order = new KeyOrder(instruments, specNames);
        const sorted: string[][] = [];
        for (const [venue, symbol] of list) { // The table grows between two batches.
          instruments.intern(venue, symbol);
          const bars = barsOf(rows.map((row) => ({ ...row, instrument: row.instrument % instruments.size })));
          const indexes = Int32Array.from({ length: bars.length }, (_, row) => row);
          order.sort(bars, indexes);
          sorted.push([...indexes].map((row) => nameOf(instruments, specNames, bars, row)));
        }
        return { sorted, instruments };
      });
      for (const { sorted } of orders) {
        for (const list of sorted) expect(list).toEqual(list.toSorted((a, b) => (a < b ? -1 : Number(a > b))));
      }
    }));
  });
});

/** A text that sorts as the key does. */
function nameOf(instruments: InstrumentTable, specNames: readonly string[], bars: BarColumns, row: number): string {
  const instrument = bars.instrument[row];
  const time = (bars.openTimeMs[row] + 1e12).toFixed(1).padStart(20, '0');
  return [instruments.venue(instrument), instruments.symbol(instrument), specNames[bars.spec[row]], time].join('\u0000');
}
