import type { ReactNode } from 'react';
import { ageText, arrows, decimal, directionOf, percentChange, signed } from '../format.ts';
import { priceDigits } from '../instruments.ts';
import { addressOf, follow } from '../places.ts';
import type { OfferedSpec, SeriesTab } from '../series-place.ts';
import { useLatest } from '../session.tsx';
import { quoteKey } from '../stream-keys.ts';
import { useEverySecond } from '../ticker.ts';
import './instrument-heading.css';

interface Props {
  readonly tab: SeriesTab;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly specs: readonly OfferedSpec[];
  /** What else stands in the bar, behind the specs. */
  readonly children?: ReactNode;
  /** Of the address, without the question mark: kept when another spec is chosen. */
  readonly query?: string;
}

/** Which instrument is shown, what it costs now, and the lengths of bars that can be chosen. */
export function InstrumentHeading({ tab, venue, symbol, spec: shown, specs, children, query = '' }: Props) {
  return (
    <div className="panel instrument-bar">
      <h1>{symbol} <span className="quiet">{venue}</span></h1>
      <LastPrice venue={venue} symbol={symbol} />
      <nav className="specs" aria-label="Length of a bar">
        {specs.map(({ name, madeFrom }) => (
          <a key={name} href={addressOf(tab, [venue, symbol, name], query)} onClick={follow}
            aria-current={name === shown ? 'true' : undefined} className={madeFrom === null ? undefined : 'made'}
            title={madeFrom === null ? undefined : `Not stored: rolled up from ${madeFrom}`}
          >
            {name}
          </a>
        ))}
      </nav>
      {children}
    </div>
  );
}

function LastPrice(of: { readonly venue: string; readonly symbol: string }) {
  const quote = useLatest(quoteKey(of));
  const age = useEverySecond((nowMs) => (quote === undefined ? '' : ageText(nowMs - quote.received_ms)));
  const digits = priceDigits(of, quote?.price, quote?.previous_close);
  const before = quote?.previous_close;
  const direction = quote === undefined ? 'same' : directionOf(quote.price, before);
  return (
    <p className="last-price">
      <b>{decimal(quote?.price, digits)}</b>
      <span className={direction}>
        <i className="arrow">{arrows[direction]}</i>{' '}
        {quote === undefined || before === null || before === undefined ? '–'
          : `${signed(quote.price - before, digits)}  ${percentChange(quote.price, before)} %`}
      </span>
      <span className="quiet age">{age}</span>
    </p>
  );
}
