import { useMemo } from 'react';
import type { StreamQuote } from '../../../model/stream.ts';
import { instrumentId } from '../../instrument-id.ts';
import type { Instrument } from '../../instruments.ts';
import { useSession } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { useEverySecond } from '../../ticker.ts';

export const orderings = { symbol: 'by symbol', rise: 'risen most', fall: 'fallen most', age: 'oldest price' } as const;
export type Ordering = keyof typeof orderings;

/** An order by what changes is made anew this often: rows must not jump about under a pointer. */
const reorderMs = 3_000;

/** Pinned ones first, each part in this order. */
export function useOrdered(
  instruments: readonly Instrument[], ordering: Ordering, pinned: ReadonlySet<string>,
): readonly Instrument[] {
  const { live } = useSession();
  const turn = useEverySecond((nowMs) => (ordering === 'symbol' ? 0 : Math.floor(nowMs / reorderMs)));
  return useMemo(() => {
    const weightOf = (one: Instrument): number => weight(ordering, live.latest(quoteKey(one)));
    const weighed = instruments.map((instrument) => (
      { instrument, weight: weightOf(instrument), unpinned: pinned.has(instrumentId(instrument)) ? 0 : 1, turn }));
    return weighed.sort((one, other) => one.unpinned - other.unpinned || one.weight - other.weight
      || (one.instrument.symbol < other.instrument.symbol ? -1 : 1)).map(({ instrument }) => instrument);
  }, [live, instruments, ordering, pinned, turn]);
}

/** Smaller stands higher; what has no price stands last. */
function weight(ordering: Ordering, quote: StreamQuote | undefined): number {
  if (ordering === 'symbol') return 0;
  if (quote === undefined) return Number.MAX_VALUE;
  if (ordering === 'age') return quote.received_ms;
  const change = changeOf(quote);
  if (change === null) return Number.MAX_VALUE;
  return ordering === 'rise' ? -change : change;
}

/** A share: 0.01 is one per cent. Null where nothing is known to compare with. */
export function changeOf({ price, previous_close: before }: StreamQuote): number | null {
  return before === null || before === 0 ? null : price / before - 1;
}
