import { useEffect, useMemo, useState } from 'react';
import { useSymbols } from './asked.ts';
import { digitsOf } from './format.ts';
import { instrumentId } from './instrument-id.ts';
import { useSession } from './session.tsx';
import { quotesKey } from './stream-keys.ts';

/** Of a watchlist, a search, or a chart. */
export interface Instrument {
  readonly venue: string;
  readonly symbol: string;
  /** Bar specs that are stored; none yet for an instrument that has only just begun to trade. */
  readonly specs: readonly string[];
}

/** Those that have bars, and those that have traded since this part is shown. */
export function useInstruments(): { readonly list: readonly Instrument[] | null; readonly fault: string | null } {
  const { answer, fault } = useSymbols();
  const { live } = useSession();
  const [others, setOthers] = useState<ReadonlyMap<string, Instrument>>(new Map());
  useEffect(() => {
    const known = new Set(answer?.map(instrumentId));
    return live.listen(quotesKey, (quotes) => {
      const unknown = quotes.filter((quote) => !known.has(instrumentId(quote)));
      if (unknown.length === 0 || answer === null) return;
      for (const quote of unknown) known.add(instrumentId(quote));
      setOthers((before) => new Map([...before, ...unknown.map(({ venue, symbol }) =>
        [instrumentId({ venue, symbol }), { venue, symbol, specs: [] }] as const)]));
    });
  }, [live, answer]);
  const list = useMemo(() => {
    if (answer === null) return null;
    const known = new Set(answer.map(instrumentId));
    return [...answer, ...[...others].filter(([id]) => !known.has(id)).map(([, instrument]) => instrument)];
  }, [answer, others]);
  return { list, fault };
}

/** In the place of what would be shown of an instrument that has no bars. */
export function unknownWords({ venue, symbol }: Pick<Instrument, 'venue' | 'symbol'>): string {
  return `Nothing is stored of ${symbol} on ${venue}. Find an instrument with / or the search above; one that has ` +
    'only just begun to trade appears here with its first trade.';
}

const digits = new Map<string, number>();

/** Digits behind the point of an instrument's prices: the most that one of them has had here. */
export function priceDigits(
  of: Pick<Instrument, 'venue' | 'symbol'>, ...prices: readonly (number | null | undefined)[]
): number {
  const id = instrumentId(of);
  const before = digits.get(id) ?? 0;
  const seen = prices.map((price) => (price === null || price === undefined ? 0 : digitsOf(price)));
  const most = Math.max(before, ...seen);
  if (most > before) digits.set(id, most);
  return most;
}
