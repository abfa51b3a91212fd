import { vwapOf } from '../../bars.ts';
import { count, decimal, signed } from '../../format.ts';
import { marksOf } from './rows.ts';
import type { BarRow, Side } from './rows.ts';

/** How two symbols stand beside each other, in words. */
export const comparisons = { indexed: 'Indexed to 100', side: 'Side by side' } as const;
export type Comparison = keyof typeof comparisons;

/** A column of the table and of the file that is exported: the same rows, there with all digits. */
export interface Column {
  readonly key: string;
  /** Whose it is, where there are two. */
  readonly group: string;
  readonly title: string;
  /** As it is shown. */
  readonly text: (row: BarRow) => string;
  /** As it is exported. */
  readonly raw: (row: BarRow) => number | string | null;
  readonly isMarks?: boolean;
  /** Has a colour by its sign. */
  readonly isChange?: boolean;
}

interface SideColumn {
  readonly key: string;
  readonly title: string;
  readonly raw: (side: Side) => number | string | null;
  readonly text: (value: number | string | null, of: Named) => string;
  readonly isMarks?: boolean;
  readonly isChange?: boolean;
}

const price = (value: number | string | null, { digits }: Named): string => decimal(value as number | null, digits);
const size = (value: number | string | null, { sizeDigits }: Named): string => decimal(value as number | null, sizeDigits);
const change = (value: number | string | null): string => signed(value as number | null, 2);

const known = {
  open: { key: 'open', title: 'Open', raw: ({ bar }) => bar.open, text: price },
  high: { key: 'high', title: 'High', raw: ({ bar }) => bar.high, text: price },
  low: { key: 'low', title: 'Low', raw: ({ bar }) => bar.low, text: price },
  close: { key: 'close', title: 'Close', raw: ({ bar }) => bar.close, text: price },
  change: {
    key: 'change_percent', title: 'Change, %', isChange: true, text: change,
    raw: ({ bar, previousClose: before }) => (before === null || before === 0 ? null : (bar.close / before - 1) * 100),
  },
  index: { key: 'index', title: '= 100', raw: ({ index }) => index, text: (value) => decimal(value as number | null, 2) },
  volume: { key: 'volume', title: 'Volume', raw: ({ bar }) => bar.volume, text: size },
  trades: { key: 'trades', title: 'Trades', raw: ({ bar }) => bar.trades, text: (value) => count(value as number) },
  vwap: { key: 'vwap', title: 'VWAP', raw: ({ bar }) => vwapOf(bar), text: price },
  bought: {
    key: 'bought_percent', title: 'Bought, %', text: (value) => decimal(value as number | null, 0),
    raw: ({ bar }) => (bar.volume === 0 ? null : bar.buyVolume / bar.volume * 100),
  },
  marks: { key: 'marks', title: 'Marks', isMarks: true, raw: ({ bar }) => marksOf(bar), text: String },
} as const satisfies Record<string, SideColumn>;

type Known = keyof typeof known;

const chosen: Readonly<Record<'single' | Comparison, readonly Known[]>> = {
  single: ['open', 'high', 'low', 'close', 'change', 'volume', 'trades', 'vwap', 'bought', 'marks'],
  indexed: ['close', 'index', 'change', 'volume', 'marks'],
  side: ['open', 'high', 'low', 'close', 'volume', 'marks'],
};

export interface Named {
  readonly symbol: string;
  /** Behind the point of its prices. */
  readonly digits: number;
  /** Behind the point of its volumes. */
  readonly sizeDigits: number;
}

/** Digits that tell these volumes apart: as many as the one with the most has, four at most, none of millions. */
export function sizeDigitsOf(volumes: readonly number[]): number {
  if (volumes.some((volume) => volume >= 1e6)) return 0;
  return Math.max(0, ...volumes.map((volume) => (String(Number(volume.toFixed(4))).split('.')[1] ?? '').length));
}

/** Columns beside the time: of one symbol, or of two one after the other. */
export function columnsOf(symbols: readonly Named[], how: Comparison): readonly Column[] {
  const names = chosen[symbols.length === 1 ? 'single' : how];
  const columns = symbols.flatMap((named, at) => names.map((name): Column => {
    const { symbol } = named;
    const column: SideColumn = known[name];
    const raw = (row: BarRow): number | string | null => {
      const side = row.sides[at];
      return side === null || side === undefined ? null : column.raw(side);
    };
    return {
      ...column, raw, key: symbols.length === 1 ? column.key : `${symbol} ${column.key}`,
      group: symbols.length === 1 ? '' : symbol,
      text: (row) => {
        const value = raw(row);
        return value === null ? (column.isMarks === true ? '' : '–') : column.text(value, named);
      },
    };
  }));
  return symbols.length === 2 && how === 'indexed' ? [...columns, difference] : columns;
}

/** In points of the index: by how much the first has done better. */
const difference: Column = {
  key: 'difference', group: '', title: 'Difference', isChange: true, text: (row) => signed(differenceOf(row), 2),
  raw: differenceOf,
};

function differenceOf({ sides: [one, other] }: BarRow): number | null {
  const [first, second] = [one?.index ?? null, other?.index ?? null];
  return first === null || second === null ? null : first - second;
}
