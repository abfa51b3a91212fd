import { useLayoutEffect, useRef, useState } from 'react';
import { instrumentId } from '../../instrument-id.ts';
import type { Instrument } from '../../instruments.ts';
import { WatchRow } from './watch-row.tsx';

interface Props {
  readonly instruments: readonly Instrument[];
  readonly pinned: ReadonlySet<string>;
}

/** As dashboard.css has it. */
const rowHeight: Readonly<Record<'desktop' | 'phone', number>> = { desktop: 27, phone: 46 };
/** Rows beyond both ends that are there already when somebody scrolls. */
const spareRows = 6;

/** Only the rows that can be seen exist: a thousand instruments cost what thirty do. */
export function Watchlist({ instruments, pinned }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 900, rowHeight: rowHeight.desktop });
  useLayoutEffect(() => {
    const element = scroller.current!;
    const look = (): void => {
      const height = element.clientHeight;
      const row = matchMedia('(max-width: 900px)').matches ? rowHeight.phone : rowHeight.desktop;
      setView((before) => (before.top === element.scrollTop && before.height === height && before.rowHeight === row
        ? before : { top: element.scrollTop, height, rowHeight: row }));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const first = Math.max(0, Math.floor(view.top / view.rowHeight) - spareRows);
  const last = Math.min(instruments.length, Math.ceil((view.top + view.height) / view.rowHeight) + spareRows);
  return (
    <div className="watchlist" role="table" aria-label="Watchlist" aria-rowcount={instruments.length + 1}>
      <Heading />
      <div className="watch-rows" role="rowgroup" ref={scroller} tabIndex={0} aria-label="Instruments">
        <div role="presentation" style={{ height: instruments.length * view.rowHeight }}>
          {instruments.slice(first, last).map((instrument, index) => (
            <WatchRow key={instrumentId(instrument)} instrument={instrument} top={(first + index) * view.rowHeight}
              index={first + index} isPinned={pinned.has(instrumentId(instrument))} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Heading() {
  return (
    <div role="rowgroup" className="watch-heading-group">
      <div className="watch-heading" role="row" aria-rowindex={1}>
        <span role="columnheader"><span className="unseen">Pinned</span></span>
        <span role="columnheader">Symbol</span>
        <span role="columnheader" className="watch-venue">Venue</span>
        <span role="columnheader" className="watch-spark">Last hour</span>
        <span role="columnheader" className="number">Last</span>
        <span role="columnheader" className="number watch-change">Change</span>
        <span role="columnheader" className="number">Change, %</span>
        <span role="columnheader" className="number watch-age">Age</span>
      </div>
    </div>
  );
}

export function WatchlistSkeleton() {
  return (
    <div className="watchlist">
      <div className="watch-skeleton">{Array.from({ length: 20 }, (_, index) => <div key={index} />)}</div>
    </div>
  );
}
