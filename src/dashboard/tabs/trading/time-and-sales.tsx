import { useEffect, useState } from 'react';
import type { StreamTrade } from '../../../model/stream.ts';
import { arrows, count, decimal, digitsOf, timeText } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useSession } from '../../session.tsx';
import { skippedTradesKey, tradeKey } from '../../stream-keys.ts';

interface Row {
  /** Counted from when the panel was opened: a key that stays with its trade. */
  readonly number: number;
  readonly trade: StreamTrade;
}

/** Trades that a message left out, of a market that is faster than a screen; counted since this panel was opened. */
function useSkipped(id: string): number {
  const { live } = useSession();
  const [skipped, setSkipped] = useState(0);
  useEffect(() => {
    setSkipped(0);
    return live.listen(skippedTradesKey, (counts) => setSkipped((before) => counts.reduce((sum, more) => sum + more, before)));
  }, [live, id]);
  return skipped;
}

/** More than a tall screen shows. */
const rowsMax = 60;
/** Sizes stand point under point; who wants more digits has the API. */
const sizeDigitsMax = 4;
/** So many times the usual size stands out. */
const largeFactor = 3;

/** Every admitted trade as it came, the newest first. */
export function TimeAndSales({ venue, symbol }: { readonly venue: string; readonly symbol: string }) {
  const { live } = useSession();
  const zone = zoneName(usePreferences());
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEffect(() => {
    setRows([]);
    return live.listen(tradeKey({ venue, symbol }), (trades) => setRows((before) => {
      const next = (before[0]?.number ?? -1) + 1;
      const added = trades.slice(-rowsMax).map((trade, index) => ({ number: next + index, trade })).toReversed();
      return [...added, ...before].slice(0, rowsMax);
    }));
  }, [live, venue, symbol]);
  const skipped = useSkipped(`${venue}\n${symbol}`);
  const digits = priceDigits({ venue, symbol }, ...rows.slice(0, 5).map(({ trade }) => trade.price));
  const sizeDigits = Math.min(sizeDigitsMax, Math.max(0, ...rows.map(({ trade: { size } }) => (
    Number.isInteger(size) ? 0 : digitsOf(size)))));
  const usual = rows.reduce((sum, { trade }) => sum + trade.size, 0) / Math.max(1, rows.length);
  return (
    <section className="panel tape" aria-label="Time and sales">
      <div className="tape-heading quiet"><span>Time</span><span>Price</span><span>Size</span></div>
      {skipped === 0 ? null : <p className="quiet tape-skipped">{count(skipped)} more came too fast to list; the bars have them.</p>}
      {rows.length === 0 ? <p className="quiet tape-empty">Each trade appears here as it comes.</p> : null}
      <ol aria-label="Trades, the newest first">
        {rows.map(({ number, trade: { event_ms: timeMs, price, size, side } }) => {
          const direction = side === 'buy' ? 'up' : side === 'sell' ? 'down' : 'same';
          return (
            <li key={number} className={size > usual * largeFactor ? 'large' : ''}>
              <span className="quiet">{timeText(timeMs, zone, 'time')}<small>{millisecondsText(timeMs)}</small></span>
              <span className={direction}><i className="arrow">{arrows[direction]}</i> {decimal(price, digits)}</span>
              <span>{decimal(size, sizeDigits)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** `.042`, behind the second. */
function millisecondsText(timeMs: number): string {
  return `.${String(Math.floor(timeMs % 1_000)).padStart(3, '0')}`;
}
