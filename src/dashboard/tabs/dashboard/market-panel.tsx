import { useMemo } from 'react';
import type { StreamQuote } from '../../../model/stream.ts';
import { arrows, decimal, percentChange, timeText } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import type { Instrument } from '../../instruments.ts';
import { addressOf, follow } from '../../places.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useLatest, useSession } from '../../session.tsx';
import { gapsKey, quoteKey } from '../../stream-keys.ts';
import { useEverySecond } from '../../ticker.ts';
import { changeOf } from './order.ts';

const moversMax = 8;

interface Move {
  readonly quote: StreamQuote;
  readonly change: number;
}

/** What stands out: how many rise and fall, which most, and where data is missing. Made anew every second. */
export function MarketPanel({ instruments }: { readonly instruments: readonly Instrument[] }) {
  const { live } = useSession();
  const turn = useEverySecond((nowMs) => Math.floor(nowMs / 1_000));
  const moves = useMemo(() => {
    const found: Move[] = [];
    for (const instrument of turn > 0 ? instruments : []) {
      const quote = live.latest(quoteKey(instrument));
      const change = quote === undefined ? null : changeOf(quote);
      if (quote !== undefined && change !== null) found.push({ quote, change });
    }
    return found.sort((one, other) => other.change - one.change);
  }, [live, instruments, turn]);
  const rising = moves.filter(({ change }) => change > 0);
  const falling = moves.filter(({ change }) => change < 0).toReversed();
  return (
    <aside className="panel market-panel" aria-label="What stands out">
      <Breadth rising={rising.length} falling={falling.length} known={moves.length} all={instruments.length} />
      <Movers title="Risen most" moves={rising.slice(0, moversMax)} isKnown={moves.length > 0} />
      <Movers title="Fallen most" moves={falling.slice(0, moversMax)} isKnown={moves.length > 0} />
      <NewestGap />
    </aside>
  );
}

interface BreadthProps {
  readonly rising: number;
  readonly falling: number;
  /** Of how many it is known how they have moved. */
  readonly known: number;
  readonly all: number;
}

function Breadth({ rising, falling, known, all }: BreadthProps) {
  const rest = all - rising - falling;
  const unknown = all - known;
  return (
    <section>
      <h2>Up and down since the last close</h2>
      <div className="breadth" aria-hidden="true">
        <i className="rising" style={{ flexGrow: rising }} />
        <i style={{ flexGrow: rest }} />
        <i className="falling" style={{ flexGrow: falling }} />
      </div>
      {all > 0 && known === 0 ? (
        <p className="quiet">
          Nothing to compare with yet: that is the close of the newest day, or of the longest bars that there are.
        </p>
      ) : null}
      <p className="breadth-words" hidden={known === 0}>
        <span className="up">{arrows.up} {rising}</span><span className="quiet">{restWords(rest - unknown, unknown)}</span>
        <span className="down">{falling} {arrows.down}</span>
      </p>
    </section>
  );
}

/** Who has no close to compare with has not stood still. */
function restWords(same: number, unknown: number): string {
  const words = [...(same > 0 || unknown === 0 ? [`${same} same`] : []), ...(unknown > 0 ? [`${unknown} without a close`] : [])];
  return words.join(', ');
}

interface MoversProps {
  readonly title: string;
  readonly moves: readonly Move[];
  /** Whether it is known of anything how it has moved. */
  readonly isKnown: boolean;
}

function Movers({ title, moves, isKnown }: MoversProps) {
  return (
    <section>
      <h2>{title}</h2>
      <ol className="movers">
        {moves.map(({ quote, change }) => {
          const digits = priceDigits(quote, quote.price);
          const direction = change > 0 ? 'up' : 'down';
          return (
            <li key={`${quote.venue}\n${quote.symbol}`}>
              <a href={addressOf('trading', [quote.venue, quote.symbol])} onClick={follow}>{quote.symbol}</a>
              <span className="number">{decimal(quote.price, digits)}</span>
              <span className={`number ${direction}`}>
                <i className="arrow">{arrows[direction]}</i> {percentChange(quote.price, quote.previous_close)}
              </span>
            </li>
          );
        })}
      </ol>
      {moves.length === 0 ? <p className="quiet">{isKnown ? 'None.' : '–'}</p> : null}
    </section>
  );
}

function NewestGap() {
  const gap = useLatest(gapsKey);
  const zone = zoneName(usePreferences());
  return (
    <section>
      <h2>Newest gap in the data</h2>
      {gap === undefined ? <p className="quiet">None since this page was opened.</p> : (
        <p>
          <a href={addressOf('pipeline')} onClick={follow}>{gap.reason}</a>:{' '}
          {gap.symbol === '' ? `all of ${gap.venue === '' ? gap.lane : gap.venue}` : gap.symbol},{' '}
          {timeText(gap.from_ms, zone, 'time')} to {timeText(gap.until_ms, zone, 'time')}
        </p>
      )}
    </section>
  );
}
