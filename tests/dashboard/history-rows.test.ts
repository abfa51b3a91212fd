import { describe, expect, it } from 'vitest';
import type { Bar, Gap } from '../../src/dashboard/bars.ts';
import { columnsOf, sizeDigitsOf } from '../../src/dashboard/tabs/history/columns.ts';
import { csvOf } from '../../src/dashboard/tabs/history/csv.ts';
import { marksOf, rowsOf } from '../../src/dashboard/tabs/history/rows.ts';
import type { Row } from '../../src/dashboard/tabs/history/rows.ts';

const bar = (openMs: number, close: number, more: Partial<Bar> = {}): Bar => ({
  openMs, closeMs: openMs + 60_000, open: 1, high: 3, low: 0.5, close, volume: 4, notional: 8, trades: 2, buyVolume: 1, sellVolume: 3,
  state: 'closed', quality: 'complete', revision: 0, whole: true, ...more,
});
const loaded = (bars: readonly Bar[], gaps: readonly Gap[] = []) => ({ bars, gaps, isCut: false, madeFrom: null });
const gap = (fromMs: number, untilMs = fromMs + 5_000, reason = 'disconnect'): Gap => ({ fromMs, untilMs, reason });
const summary = (row: Row) => (row.kind === 'gap' ? `gap ${row.of.join('+')}` : row.sides.map((side) => side?.bar.close ?? '-').join(' '));
const minute = (count: number): number => count * 60_000;

describe('the rows of the history', () => {
  it('have both symbols where both have a bar, and one where the other has none', () => {
    const rows = rowsOf([loaded([bar(0, 10), bar(minute(2), 12)]), loaded([bar(minute(1), 5), bar(minute(2), 6)])]);
    expect(rows.map((row) => [row.openMs, summary(row)])).toEqual([[0, '10 -'], [minute(1), '- 5'], [minute(2), '12 6']]);
  });

  it('compare each bar with the one before it of its own symbol, over holes too', () => {
    const [rows] = [rowsOf([loaded([bar(0, 10), bar(minute(5), 12)])])];
    expect(rows.map((row) => (row.kind === 'bar' ? row.sides[0]?.previousClose : undefined))).toEqual([null, 10]);
  });

  it('count both from the first row that both have', () => {
    const rows = rowsOf([loaded([bar(0, 10), bar(minute(1), 20), bar(minute(2), 25)]), loaded([bar(minute(1), 4), bar(minute(2), 3)])]);
    expect(rows.map((row) => (row.kind === 'bar' ? row.sides.map((side) => side?.index ?? null) : []))).toEqual(
      [[50, null], [100, 100], [125, 75]]);
  });

  it('have no index where there is no such row, or where its close is 0', () => {
    const apart = rowsOf([loaded([bar(0, 10)]), loaded([bar(minute(1), 4)])]);
    const free = rowsOf([loaded([bar(0, 0), bar(minute(1), 2)]), loaded([bar(0, 4)])]);
    const indices = [...apart, ...free].map((row) => (row.kind === 'bar' ? row.sides.map((side) => side?.index ?? null) : []));
    expect(indices).toEqual([[null, null], [null, null], [null, 100], [null, null]]);
  });

  it('have a gap before the bar of the same time, once where both symbols have it, and say whose it is', () => {
    const rows = rowsOf([loaded([bar(0, 1), bar(minute(1), 2)], [gap(minute(1))]), loaded([bar(0, 1)], [gap(minute(1)), gap(30_000)])]);
    expect(rows.map(summary)).toEqual(['1 1', 'gap 1', 'gap 0+1', '2 -']);
  });

  it('are none where nothing is stored', () => {
    expect(rowsOf([])).toEqual([]);
    expect(rowsOf([loaded([]), loaded([])])).toEqual([]);
  });

  it('name what makes a bar less than plain', () => {
    expect(marksOf(bar(0, 1))).toBe('');
    expect(marksOf(bar(0, 1, { quality: 'gap', state: 'provisional', revision: 2 }))).toBe('gap, provisional, revised 2');
  });
});

const named = (symbol: string) => ({ symbol, digits: 2, sizeDigits: 1 });

describe('the columns of the history', () => {
  it('write what they export, with the digits of the instrument, and nothing where nothing is', () => {
    const rows = rowsOf([loaded([bar(0, 10), bar(minute(1), 9.5, { volume: 0, notional: 0, quality: 'partial' })])]);
    const shown = rows.map((row) => (row.kind === 'bar' ? columnsOf([named('A')], 'indexed').map((column) => column.text(row)) : []));
    expect(shown).toEqual([
      ['1.00', '3.00', '0.50', '10.00', '–', '4.0', '2', '2.00', '25', ''],
      ['1.00', '3.00', '0.50', '9.50', '−5.00', '0.0', '2', '–', '–', 'partial'],
    ]);
  });

  it('of two symbols carry their names, and by how much the first has done better', () => {
    const columns = columnsOf([named('A'), named('B')], 'indexed');
    const [, last] = rowsOf([loaded([bar(0, 10), bar(minute(1), 11)]), loaded([bar(0, 4), bar(minute(1), 5)])]);
    expect(columns.map(({ key }) => key)).toEqual([
      'A close', 'A index', 'A change_percent', 'A volume', 'A marks', 'B close', 'B index', 'B change_percent', 'B volume', 'B marks',
      'difference',
    ]);
    expect(last.kind === 'bar' ? columns.at(-1)!.text(last) : '').toBe('−15.00');
    expect(columnsOf([named('A'), named('B')], 'side').map(({ title }) => title)).not.toContain('Difference');
  });

  it('have as many digits of a volume as tell volumes apart', () => {
    expect([[1, 2], [0.5, 12.25], [0.123_456], [2_000_000, 0.5], []].map((volumes) => sizeDigitsOf(volumes))).toEqual([0, 2, 4, 0, 0]);
  });
});

describe('the exported file', () => {
  const lines = (rows: readonly Row[], symbols: readonly string[] = ['A']) => (
    csvOf(rows, columnsOf(symbols.map(named), 'indexed')).split('\r\n'));

  it('has all digits, a line for each row in its order, and an end behind each', () => {
    const rows = rowsOf([loaded([bar(0, 0.1 + 0.2), bar(minute(1), 3)])]);
    expect(lines(rows.toReversed())).toEqual([
      'open_time,open,high,low,close,change_percent,volume,trades,vwap,bought_percent,marks,gap,gap_until',
      '1970-01-01T00:01:00.000Z,1,3,0.5,3,899.9999999999998,4,2,2,25,,,',
      '1970-01-01T00:00:00.000Z,1,3,0.5,0.30000000000000004,,4,2,2,25,,,',
      '',
    ]);
  });

  it('tells of a gap its time, its reason and its end', () => {
    expect(lines(rowsOf([loaded([], [gap(1_000, 6_000)])]))[1]).toBe(
      '1970-01-01T00:00:01.000Z,,,,,,,,,,,disconnect,1970-01-01T00:00:06.000Z');
  });

  it('quotes what holds a comma, a quote or the end of a line', () => {
    const marked = rowsOf([loaded([bar(0, 1, { quality: 'gap', revision: 1 })])]);
    expect(lines(marked)[1]).toContain(',"gap, revised 1",');
    expect(lines([], ['A,"B"', 'C'])[0]).toContain('"A,""B"" close"');
  });

  it('has nothing that a spreadsheet would take for a formula', () => {
    for (const reason of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx']) {
      expect(lines(rowsOf([loaded([], [gap(0, 5_000, reason)])]))[1]).toContain(`,'${reason},`);
    }
    expect(lines([], ['=cmd', 'B'])[0]).toContain(",'=cmd close,");
  });

  it('keeps numbers below 0 as they are', () => {
    const rows = rowsOf([loaded([bar(0, 4), bar(minute(1), 3)])]);
    expect(lines(rows)[2]).toContain(',-25,');
  });
});
