import type { Bar } from '../../bars.ts';

/*
 * Volume by price, with the words of J. Peter Steidlmayer's Market Profile (CBOT, 1985). Of a bar only its range is known,
 * so its volume is spread evenly from its low to its high.
 */

/** Volume between two prices, the upper one left out. */
export interface ProfileRow {
  readonly from: number;
  readonly until: number;
  readonly volume: number;
}

export interface Profile {
  /** Lowest price first, all of one height. */
  readonly rows: readonly ProfileRow[];
  /** The row with most volume: the point of control. Of equal ones the lowest. */
  readonly control: number;
  /** First and last row of the value area: what is around the point of control and holds `valueShare` of the volume. */
  readonly valueFrom: number;
  readonly valueUntil: number;
}

export const valueShare = 0.7;

/** 1, 2 or 5 times a power of ten: rows that begin at prices which can be read. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}

/** A price in rows; what is a border but for rounding is one. */
function inRows(price: number, step: number): number {
  const rows = price / step;
  return Math.abs(rows - Math.round(rows)) < 1e-9 ? Math.round(rows) : rows;
}

export interface ProfileOptions {
  readonly rowsMax: number;
  /** Least difference of two prices: rows are no lower than that. */
  readonly tick: number;
}

/** Null where nothing was traded. At most `rowsMax` + 1 rows: their borders are round prices. */
export function profileOf(bars: readonly Bar[], { rowsMax, tick }: ProfileOptions): Profile | null {
  const [low, high] = [Math.min(...bars.map((bar) => bar.low)), Math.max(...bars.map((bar) => bar.high))];
  if (!bars.some(({ volume }) => volume > 0)) return null;
  const step = roundStep(Math.max(tick, (high - low) / rowsMax));
  const first = Math.floor(inRows(low, step));
  const volumes = Array.from({ length: Math.max(1, Math.ceil(inRows(high, step)) - first) }, () => 0);
  for (const bar of bars) spread(bar, { volumes, first, step });
  const control = volumes.indexOf(Math.max(...volumes));
  return {
    rows: volumes.map((volume, at) => ({ from: (first + at) * step, until: (first + at + 1) * step, volume })), control,
    ...valueArea(volumes, control),
  };
}

interface Rows {
  readonly volumes: number[];
  /** Of the lowest row, in rows above 0. */
  readonly first: number;
  readonly step: number;
}

function spread(bar: Bar, { volumes, first, step }: Rows): void {
  const [from, until] = [inRows(bar.low, step) - first, inRows(bar.high, step) - first];
  const lowest = Math.min(Math.floor(from), volumes.length - 1);
  if (until <= from) {
    volumes[lowest] += bar.volume;
    return;
  }
  for (let row = lowest; row < until; row++) {
    volumes[row] += bar.volume * (Math.min(until, row + 1) - Math.max(from, row)) / (until - from);
  }
}

/** Row by row, whichever neighbour holds more, of equal ones the upper, until enough is in it. */
function valueArea(volumes: readonly number[], control: number): Pick<Profile, 'valueFrom' | 'valueUntil'> {
  const wanted = valueShare * volumes.reduce((sum, volume) => sum + volume, 0);
  let [valueFrom, valueUntil, held] = [control, control, volumes[control]];
  // Sums in another order differ by rounding: what is enough but for that is enough.
  while (held < wanted * (1 - 1e-9)) {
    const [below, above] = [volumes[valueFrom - 1] ?? -1, volumes[valueUntil + 1] ?? -1];
    if (above >= below) held += volumes[++valueUntil];
    else held += volumes[--valueFrom];
  }
  return { valueFrom, valueUntil };
}
