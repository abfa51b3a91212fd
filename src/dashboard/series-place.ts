import { useEffect } from 'react';
import { inOrder } from './bars.ts';
import { useInstruments } from './instruments.ts';
import type { Instrument } from './instruments.ts';
import { offeredSpecs, sourceOf } from './made-specs.ts';
import { addressOf, goTo, usePlace } from './places.ts';
import type { TabName } from './places.ts';

/** Tabs whose address names an instrument and a bar spec: /trading/binance/XRPETH/1m. */
export type SeriesTab = Extract<TabName, 'trading' | 'volume'>;

/** What an address names; or why it names nothing yet: instruments are asked for, there are none, or they did not come. */
export type SeriesPlace =
  | { readonly name: 'asking' }
  | { readonly name: 'none' }
  | { readonly name: 'failed'; readonly fault: string }
  | {
    readonly name: 'shown'; readonly venue: string; readonly symbol: string; readonly spec: string;
    readonly specs: readonly OfferedSpec[];
    /** Nothing is stored of this instrument: its name is wrong, or it has only just begun to trade. */
    readonly isUnknown: boolean;
  };

export type ShownSeries = Omit<Extract<SeriesPlace, { readonly name: 'shown' }>, 'name'>;

/** A length of bars that can be chosen. */
export interface OfferedSpec {
  readonly name: string;
  /** The stored spec that its bars are made of; null where they are stored, or nothing is known of them. */
  readonly madeFrom: string | null;
}

/** Kept while the page is open: who comes back to such a tab, or goes to another one, finds what was left. */
let shownLast: readonly string[] = [];

export function useSeriesPlace(tab: SeriesTab): SeriesPlace {
  const { rest, query } = usePlace();
  const { list, fault } = useInstruments();
  const [venue, symbol, spec] = rest;
  const known = list?.find((one) => one.venue === venue && one.symbol === symbol);
  const wanted = venue === undefined || symbol === undefined ? undefined : known ?? { venue, symbol, specs: [] };
  useEffect(() => {
    if (symbol !== undefined && spec !== undefined) shownLast = [venue, symbol, spec];
    else if (list !== null) completeAddress(tab, { wanted, list, query });
  });
  if (wanted !== undefined && spec !== undefined) {
    const names = inOrder([...new Set([...offeredSpecs(wanted.specs), spec])]);
    const specs = names.map((name) => ({ name, madeFrom: sourceOf(name, wanted.specs) }));
    return { name: 'shown', venue, symbol, spec, specs, isUnknown: list !== null && wanted.specs.length === 0 };
  }
  if (list?.length === 0) return { name: 'none' };
  return fault === null ? { name: 'asking' } : { name: 'failed', fault };
}

interface Incomplete {
  readonly wanted: Instrument | undefined;
  readonly list: readonly Instrument[];
  readonly query: string;
}

/** /trading alone shows what was shown last, or the first instrument; without a bar spec a minute. */
function completeAddress(tab: SeriesTab, { wanted, list, query }: Incomplete): void {
  if (wanted === undefined && shownLast.length > 0) return goTo(addressOf(tab, shownLast, query), 'replace');
  const instrument = wanted ?? list[0];
  if (instrument === undefined) return;
  const spec = instrument.specs.includes('1m') ? '1m' : inOrder(instrument.specs)[0] ?? '1m';
  goTo(addressOf(tab, [instrument.venue, instrument.symbol, spec], query), 'replace');
}
