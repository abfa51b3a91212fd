import { describe, expect, it } from 'vitest';
import { rowOfLetter, UnreadableRow } from '../../src/dead-letters/row-of-letter.ts';
import type { StoredLetter } from '../../src/model/dead-letter.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { createRowBatch, type RowBatch } from '../../src/model/rows.ts';
import { describeRows, letterOfRow, type RowNames } from '../../src/sinks/set-aside.ts';
import { laneOf } from '../support/batches.ts';
import { indicatorLines, valuesOf } from '../support/value-rows.ts';

const instruments = new InstrumentTable();
const names: RowNames = { instruments, specNames: ['1s', '1m'], indicatorLines };
const btc = instruments.intern('binance', 'BTC');
const lane = laneOf({ name: 'p/history', generation: 3 });

function emptyBatch(): RowBatch {
  return createRowBatch(lane, 0, 0, 1);
}

function barBatch(): RowBatch {
  const batch = emptyBatch();
  const row = batch.bars.add();
  const values = {
    instrument: btc, spec: 1, openTimeMs: 60_000.5, closeTimeMs: 120_000, barIndex: 2, open: 1 / 3, high: Infinity, low: -0,
    close: NaN, volume: 1e-300, notional: 5, buyVolume: 3, sellVolume: 2, trades: 7, quality: 1, state: 3, revision: 4, whole: 0,
    position: 4_711, again: 0,
  };
  for (const [column, value] of Object.entries(values)) batch.bars[column as 'open'][row] = value;
  return batch;
}

/** The letter of the only row of a batch, as the table would give it back. */
function stored(batch: RowBatch): StoredLetter {
  const letter = letterOfRow(batch, 0, names, { reason: 'refused', message: 'no', atMs: 5 });
  const { origin, reason, message, place, bytes, position, counter } = letter;
  return {
    lane: lane.name, generation: lane.generation, origin, reason, message, place, bytes, position, counter,
    firstAtMs: 5, lastAtMs: 5, retries: 0, bytesTotal: bytes.length,
  };
}

describe('the row of a dead letter', () => {
  const gap = { kind: 'gap', lane, position: 9, fromMs: 1, untilMs: 2, reason: 'dropped-rows', ticksLost: 3 } as const;
  const batches: Readonly<Record<string, RowBatch>> = {
    'a bar, with numbers that JSON does not have': barBatch(),
    'a value': { ...emptyBatch(), indicators: valuesOf([{ instrument: btc, line: 1, value: 1 / 3, whole: false, quality: 2 }]) },
    'a value where there is none': { ...emptyBatch(), indicators: valuesOf([{ instrument: btc, value: NaN }]) },
    'a late tick': {
      ...emptyBatch(),
      lateTicks: [{
        instrument: btc, eventTimeMs: 1.5, price: 1 / 3, size: -0, side: 2, tradeId: 'a"b', watermarkMs: 9, position: 8, counter: 1,
      }],
    },
    'a gap of one instrument and spec': {
      ...emptyBatch(), gaps: [{ ...gap, instruments: Int32Array.of(btc), venue: instruments.venueIndex('binance'), barSpec: '1m' }],
    },
    'a gap of a venue': { ...emptyBatch(), gaps: [{ ...gap, instruments: 'all', venue: instruments.venueIndex('binance') }] },
    'a gap of everything': { ...emptyBatch(), gaps: [{ ...gap, instruments: 'all', venue: 'all' }] },
  };

  it.each(Object.entries(batches))('is the row that was refused: %s', (_, batch) => {
    const row = rowOfLetter(stored(batch));
    expect(describeRows(row.batch, row.names)).toEqual(describeRows(batch, names));
    expect(row.batch.lane).toMatchObject({ name: 'p/history', generation: 3 });
  });

  it('may have been there before: it never goes by plain COPY', () => {
    expect(rowOfLetter(stored(barBatch())).batch.bars.again[0]).toBe(1);
  });

  const text = Buffer.from(stored(barBatch()).bytes).toString();
  it.each([
    ['no JSON', 'BTC,1', 'not JSON'],
    ['no object', '7', 'not a JSON object'],
    ['another kind', '{"kind":"alert"}', 'its kind is "alert"'],
    ['a field short', text.replace('"open":', '"opened":'), 'its open is missing, not a number'],
    ['of another type', text.replace('"venue":"binance"', '"venue":7'), 'its venue is 7, not a text'],
    ['a number in words', text.replace('"trades":7', '"trades":"seven"'), 'its trades is "seven", not a number'],
  ])('is refused when it is %s', (_, bytes, says) => {
    expect(() => rowOfLetter({ ...stored(barBatch()), bytes: Buffer.from(bytes) })).toThrow(UnreadableRow);
    expect(() => rowOfLetter({ ...stored(barBatch()), bytes: Buffer.from(bytes) })).toThrow(says);
  });

  it('is refused when a gap is of several instruments, whose names run together', () => {
    const eth = instruments.intern('kraken', 'ETH');
    const batch = { ...emptyBatch(), gaps: [{ ...gap, instruments: Int32Array.of(btc, eth), venue: 'all' as const }] };
    expect(() => rowOfLetter(stored(batch))).toThrow('several instruments');
  });
});
