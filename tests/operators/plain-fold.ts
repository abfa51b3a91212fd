import { defaultSettings, type TestBar, type TestTick } from './fold-rig.ts';

/** A tick or a gap of a log, in its order; a gap concerns everything. Times are ms since `dawn`. */
export type PlainItem =
  | (Required<Pick<TestTick, 'at' | 'price' | 'size' | 'side' | 'symbol' | 'venue'>> & { readonly id: number | null })
  | { readonly gapFrom: number; readonly gapUntil: number; readonly isOurs: boolean };

export interface PlainResult {
  readonly bars: ReadonlyMap<string, Omit<TestBar, 'again'>>;
  readonly late: number;
  readonly duplicate: number;
  /** Bars of a venue that close here or before can change no more. */
  readonly horizonOf: (venue: string) => number;
}

interface Bar {
  readonly key: string;
  readonly openAt: number;
  readonly closeAt: number;
  readonly ticks: { at: number; order: number; price: number; size: number; side: number; position: number; isLate: boolean }[];
  gapPosition: number;
  quality: number;
  isOurLoss: boolean;
}

export interface PlainSettings {
  readonly specs: readonly { readonly name: string; readonly ms: number }[];
  readonly disorderMs: number;
  /** The log goes on: what nothing has closed is forming. */
  readonly goesOn?: boolean;
}

const { allowed_lateness_ms: latenessMs } = defaultSettings;

/**
 * The definition, as slowly as it reads: for each spec every bar keeps its ticks, and is computed from all of them when
 * the log is over. Positions are places in the log. A complete log, that begins at its beginning.
 */
export function foldPlainly(items: readonly PlainItem[], settings: PlainSettings): PlainResult {
  const { specs, disorderMs, goesOn = false } = settings;
  const newest = new Map<string, number>();
  const closedAt = new Map<string, number>();
  const bars = new Map<string, Bar>();
  const gaps: Extract<PlainItem, { gapFrom: number }>[] = [];
  const seen: { key: string; at: number }[] = [];
  const counts = { late: 0, duplicate: 0 };
  const watermarkOf = (venue: string): number => (newest.get(venue) ?? -Infinity) - disorderMs;

  for (const [position, item] of items.entries()) {
    if ('gapFrom' in item) {
      for (const bar of bars.values()) {
        const [venue] = JSON.parse(bar.key) as [string];
        if (bar.closeAt > watermarkOf(venue) - latenessMs) mark(bar, item, position);
      }
      gaps.push(item);
      continue;
    }
    const { venue, symbol, at } = item;
    const horizon = watermarkOf(venue) - latenessMs;
    if (at < horizon) {
      counts.late++;
      continue;
    }
    const idKey = JSON.stringify([venue, symbol, item.id]);
    if (item.id !== null && seen.some((one) => one.key === idKey && one.at >= horizon)) {
      counts.duplicate++;
      continue;
    }
    seen.push({ key: idKey, at });
    const before = watermarkOf(venue);
    newest.set(venue, Math.max(newest.get(venue) ?? -Infinity, at));
    for (const bar of bars.values()) {
      const [barVenue] = JSON.parse(bar.key) as [string];
      const isClosedNow = bar.closeAt > before && bar.closeAt <= watermarkOf(venue);
      if (barVenue === venue && isClosedNow) closedAt.set(bar.key, position);
    }
    for (const { name, ms } of specs) {
      const openAt = Math.floor(at / ms) * ms;
      const key = JSON.stringify([venue, symbol, name, openAt]);
      let bar = bars.get(key);
      if (bar === undefined) {
        bar = { key, openAt, closeAt: openAt + ms, ticks: [], gapPosition: -1, quality: 0, isOurLoss: false };
        for (const gap of gaps) mark(bar, gap, -1);
        bars.set(key, bar);
      }
      bar.ticks.push({ ...item, order: position, position, isLate: bar.closeAt <= before });
    }
  }
  // A bar that a late tick made was closed before it was there; the end of the log closes the rest.
  const closeOf = (bar: Bar): number | null =>
    closedAt.get(bar.key) ?? (bar.ticks[0].isLate ? -1 : goesOn ? null : items.length);
  return {
    bars: new Map([...bars.values()].map((bar) => [bar.key, rowOf(bar, closeOf(bar))])), ...counts,
    horizonOf: (venue) => watermarkOf(venue) - latenessMs,
  };
}

function mark(bar: Bar, gap: Extract<PlainItem, { gapFrom: number }>, position: number): void {
  if (gap.gapFrom >= bar.closeAt || gap.gapUntil <= bar.openAt || gap.gapFrom >= gap.gapUntil) return;
  if (bar.quality === 2 && (bar.isOurLoss || !gap.isOurs)) return;
  bar.quality = 2;
  bar.isOurLoss ||= gap.isOurs;
  bar.gapPosition = position;
}

function rowOf(bar: Bar, closedAt: number | null): Omit<TestBar, 'again'> {
  const [venue, symbol, spec] = JSON.parse(bar.key) as [string, string, string];
  const inOrder = [...bar.ticks].sort((a, b) => a.at - b.at || a.order - b.order);
  const prices = inOrder.map(({ price }) => price);
  // Prices and sizes of these tests are multiples of 1/64: their products and sums are exact.
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const sizeOf = (side: number): number => sum(inOrder.filter((tick) => tick.side === side).map(({ size }) => size));
  return {
    venue, symbol, spec, openAt: bar.openAt, closeAt: bar.closeAt,
    open: prices[0], high: Math.max(...prices), low: Math.min(...prices), close: prices.at(-1)!,
    volume: sum(inOrder.map(({ size }) => size)), notional: sum(inOrder.map(({ price, size }) => price * size)),
    buyVolume: sizeOf(1), sellVolume: sizeOf(2), trades: inOrder.length, quality: bar.quality, state: closedAt === null ? 1 : 3,
    revision: bar.ticks.filter(({ isLate }) => isLate).length, whole: !bar.isOurLoss,
    position: Math.max(closedAt ?? -1, bar.gapPosition, ...bar.ticks.map(({ position }) => position)),
  };
}
