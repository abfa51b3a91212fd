import type { Bar, Gap } from '../../bars.ts';

/* The rows of the table: one for each open time that one of the two has a bar of, and one for each recorded gap. */

export interface Loaded {
  readonly bars: readonly Bar[];
  readonly gaps: readonly Gap[];
  /** There is more in the range than was taken. */
  readonly isCut: boolean;
  /** The stored spec that the bars were made of; null where they are stored. */
  readonly madeFrom: string | null;
}

/** One symbol in one row. */
export interface Side {
  readonly bar: Bar;
  /** Close of the bar before. */
  readonly previousClose: number | null;
  /** The close where that of the first row that both have is 100. */
  readonly index: number | null;
}

export interface BarRow {
  readonly kind: 'bar';
  readonly openMs: number;
  readonly sides: readonly (Side | null)[];
}

export interface GapRow {
  readonly kind: 'gap';
  readonly openMs: number;
  readonly gap: Gap;
  /** Whose log it is that has the hole; more than one where both are of one venue. */
  readonly of: readonly number[];
}

export type Row = BarRow | GapRow;

/** Oldest first. */
export function rowsOf(loaded: readonly Loaded[]): readonly Row[] {
  const opens = new Set(loaded.flatMap(({ bars }) => bars.map(({ openMs }) => openMs)));
  const times = [...opens].sort((one, other) => one - other);
  const sides = loaded.map(({ bars }) => new Map(bars.map((bar, at) => (
    [bar.openMs, { bar, previousClose: bars[at - 1]?.close ?? null }] as const))));
  const baseMs = times.find((time) => sides.every((side) => side.has(time)));
  const bases = sides.map((side) => (baseMs === undefined ? undefined : side.get(baseMs)?.bar.close));
  const rows: Row[] = times.map((openMs) => ({
    kind: 'bar', openMs, sides: sides.map((side, at) => {
      const found = side.get(openMs);
      const base = bases[at];
      const index = base === undefined || base === 0 || found === undefined ? null : found.bar.close / base * 100;
      return found === undefined ? null : { ...found, index };
    }),
  }));
  return [...rows, ...gapRows(loaded)].sort((one, other) => one.openMs - other.openMs || (one.kind === 'gap' ? -1 : 1));
}

function gapRows(loaded: readonly Loaded[]): readonly GapRow[] {
  const found = new Map<string, { readonly gap: Gap; readonly of: number[] }>();
  for (const [at, { gaps }] of loaded.entries()) {
    for (const gap of gaps) {
      const key = `${gap.fromMs} ${gap.untilMs} ${gap.reason}`;
      const entry = found.get(key) ?? { gap, of: [] };
      if (!entry.of.includes(at)) entry.of.push(at);
      found.set(key, entry);
    }
  }
  return [...found.values()].map(({ gap, of }) => ({ kind: 'gap', openMs: gap.fromMs, gap, of }));
}

/** What makes a bar less than plain, in words: `revised 2`, `partial`. */
export function marksOf({ quality, state, revision }: Bar): string {
  return [
    ...(quality === 'complete' ? [] : [quality]), ...(state === 'closed' ? [] : [state]),
    ...(revision === 0 ? [] : [`revised ${revision}`]),
  ].join(', ');
}
