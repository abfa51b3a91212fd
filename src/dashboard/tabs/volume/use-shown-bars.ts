import { useEffect, useRef, useState } from 'react';
import type { Bar, Gap } from '../../bars.ts';
import { useCatchUp } from '../../catch-up.ts';
import { useSession } from '../../session.tsx';
import { BarFeed, momentBars } from '../trading/bar-feed.ts';
import type { Series } from '../trading/bar-feed.ts';

/** The newest bars of a series, oldest first. */
export interface ShownBars {
  /** Those whose windows have ended; the same array until one of them is another. */
  readonly ended: readonly Bar[];
  readonly forming: Bar | null;
  readonly gaps: readonly Gap[];
  readonly isLoaded: boolean;
  /** In words, or null. */
  readonly fault: string | null;
}

const nothingYet: ShownBars = { ended: [], forming: null, gaps: [], isLoaded: false, fault: null };
/** Often enough to see a bar grow, seldom enough to read what is computed from it. */
const everyMs = 500;

export function useShownBars(series: Series, barsMax: number): ShownBars {
  const session = useSession();
  const [shown, setShown] = useState(nothingYet);
  const feed = useRef<BarFeed | null>(null);
  useEffect(() => {
    let isChanged = false;
    let fault: string | null = null;
    const show = (): void => {
      isChanged = false;
      setShown((before) => shownOf(made, { barsMax, fault, before: before.ended }));
    };
    const made = new BarFeed(session, series, {
      barsChanged: (from) => {
        if (made.bars.length - from > momentBars) show();
        else isChanged = true;
      },
      gapsChanged: () => { isChanged = true; },
      faultChanged: (words) => {
        fault = words;
        show();
      },
    });
    setShown(nothingYet);
    feed.current = made;
    const end = made.start();
    const timer = setInterval(() => { if (isChanged) show(); }, everyMs);
    return () => {
      clearInterval(timer);
      end();
    };
  }, [session, series, barsMax]);
  useCatchUp(feed);
  return shown;
}

interface Options {
  readonly barsMax: number;
  readonly fault: string | null;
  readonly before: readonly Bar[];
}

function shownOf(feed: BarFeed, { barsMax, fault, before }: Options): ShownBars {
  const bars = feed.bars.slice(-barsMax);
  const isForming = bars.at(-1)?.state === 'forming';
  const ended = isForming ? bars.slice(0, -1) : bars;
  const isSame = ended.length === before.length && ended.every((bar, at) => bar === before[at]);
  return {
    ended: isSame ? before : ended, forming: isForming ? bars.at(-1)! : null, gaps: feed.gaps, isLoaded: feed.isLoaded,
    fault,
  };
}
