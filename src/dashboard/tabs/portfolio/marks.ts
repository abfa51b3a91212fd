import { useEffect, useMemo, useState } from 'react';
import type { Channel, StreamQuote } from '../../../model/stream.ts';
import type { ApiSymbol } from '../../api.ts';
import { useSymbols } from '../../asked.ts';
import { instrumentId } from '../../instrument-id.ts';
import { useChannels, useSession } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import type { ApiPosition } from '../../watch/position-api.ts';
import type { Mark } from './profit.ts';

/** The marks of positions by `instrumentId`. Another map when one of them has changed, at most once a frame. */
export function useMarks(positions: readonly ApiPosition[]): ReadonlyMap<string, Mark> {
  const { live } = useSession();
  const { answer: symbols } = useSymbols();
  const ids = [...new Set(positions.map(instrumentId))].sort().join('\r');
  const instruments = useMemo(() => ids.split('\r').filter((id) => id !== '').map((id) => {
    const [venue, symbol] = id.split('\n');
    return { venue, symbol };
  }), [ids]);
  const channels = useMemo(() => instruments.map((one): Channel => ({ channel: 'quotes', ...one })), [instruments]);
  useChannels(channels);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const endings = instruments.map((one) => live.listen(quoteKey(one), () => setTurn((before) => before + 1)));
    return () => { for (const end of endings) end(); };
  }, [live, instruments]);
  return useMemo(() => {
    const stored = new Map((symbols ?? []).map((symbol) => [instrumentId(symbol), symbol]));
    return new Map((turn >= 0 ? instruments : []).flatMap((one) => {
      const mark = markOf(live.latest(quoteKey(one)), stored.get(instrumentId(one)));
      return mark === null ? [] : [[instrumentId(one), mark] as const];
    }));
  }, [live, instruments, symbols, turn]);
}

function markOf(quote: StreamQuote | undefined, stored: ApiSymbol | undefined): Mark | null {
  if (quote !== undefined) return { price: quote.price, atMs: quote.received_ms, isLive: true };
  if (stored === undefined) return null;
  return { price: stored.last_price, atMs: Date.parse(stored.newest_close_time), isLive: false };
}
