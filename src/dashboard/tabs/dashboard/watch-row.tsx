import { memo, useLayoutEffect, useRef } from 'react';
import { addressOf, follow } from '../../places.ts';
import { ageText, arrows, decimal, directionOf, percentChange, signed } from '../../format.ts';
import { instrumentId } from '../../instrument-id.ts';
import { priceDigits } from '../../instruments.ts';
import type { Instrument } from '../../instruments.ts';
import { preload } from '../../shell/tabs.tsx';
import { useLatest } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { useEverySecond } from '../../ticker.ts';
import { togglePin } from './pinned.ts';
import { Sparkline } from './sparkline.tsx';

interface Props {
  readonly instrument: Instrument;
  readonly top: number;
  readonly index: number;
  readonly isPinned: boolean;
}

/** Older than this is worth a look, ms: first it fades, then it says so. */
const agingMs = 5_000;
const staleMs = 60_000;

export const WatchRow = memo(function WatchRow({ instrument, top, index, isPinned }: Props) {
  const { venue, symbol, specs } = instrument;
  const quote = useLatest(quoteKey(instrument));
  const digits = priceDigits(instrument, quote?.price, quote?.previous_close);
  const before = quote?.previous_close;
  const direction = quote === undefined ? 'same' : directionOf(quote.price, before);
  const spec = specs.includes('1m') ? '1m' : specs[0];
  return (
    <div className="watch-row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell">
        <button type="button" className="pin" aria-pressed={isPinned} aria-label={`Pin ${symbol}`}
          onClick={() => togglePin(instrumentId(instrument))}>{isPinned ? '★' : '☆'}</button>
      </span>
      <span role="cell" className="watch-symbol">
        <a href={addressOf('trading', spec === undefined ? [venue, symbol] : [venue, symbol, spec])} onClick={follow}
          onPointerEnter={() => preload('trading')}>{symbol}</a>
      </span>
      <span role="cell" className="quiet watch-venue">{venue}</span>
      <span role="cell" className="watch-spark"><Sparkline instrument={instrument} price={quote?.price} /></span>
      <Price price={quote?.price} receivedMs={quote?.received_ms} digits={digits} />
      <span role="cell" className={`number watch-change ${direction}`}>
        {quote === undefined || before === null || before === undefined ? '–' : signed(quote.price - before, digits)}
      </span>
      <span role="cell" className={`number ${direction}`}>
        <i className="arrow">{arrows[direction]}</i> {quote === undefined ? '–' : percentChange(quote.price, before)}
      </span>
      <Age receivedMs={quote?.received_ms} />
    </div>
  );
});

interface PriceProps {
  readonly price: number | undefined;
  readonly receivedMs: number | undefined;
  readonly digits: number;
}

function Price({ price, receivedMs, digits }: PriceProps) {
  const text = useRef<HTMLSpanElement>(null);
  const shown = useRef(price);
  const running = useRef<Animation>(undefined);
  useLayoutEffect(() => {
    const before = shown.current;
    shown.current = price;
    if (price === undefined || before === undefined || before === price || prefersRest.matches) return;
    running.current?.cancel();
    running.current = text.current!.animate(washes[price > before ? 'up' : 'down'], flashMs);
  }, [price]);
  const freshness = useFreshness(receivedMs);
  return (
    <span role="cell" className={`number watch-price ${freshness}`}>
      <span ref={text}>{decimal(price, digits)}</span>
    </span>
  );
}

const prefersRest = matchMedia('(prefers-reduced-motion: reduce)');
/** Once, and then it rests. Its colours stand in dashboard.css: to ask for them would lay the page out for each price. */
const flashMs = 200;
const washes = { up: washOf('var(--up-wash)'), down: washOf('var(--down-wash)') } as const;

function washOf(backgroundColor: string): Keyframe[] {
  return [{ backgroundColor }, { backgroundColor, offset: 0.6 }, { backgroundColor: 'transparent' }];
}

function useFreshness(receivedMs: number | undefined): string {
  return useEverySecond((nowMs) => {
    if (receivedMs === undefined) return 'stale';
    const ageMs = nowMs - receivedMs;
    return ageMs < agingMs ? 'fresh' : ageMs < staleMs ? 'aging' : 'stale';
  });
}

function Age({ receivedMs }: { readonly receivedMs: number | undefined }) {
  const text = useEverySecond((nowMs) => (receivedMs === undefined ? '–' : ageText(nowMs - receivedMs)));
  const freshness = useFreshness(receivedMs);
  return <span role="cell" className={`number watch-age ${freshness === 'stale' ? 'look' : 'quiet'}`}>{text}</span>;
}
