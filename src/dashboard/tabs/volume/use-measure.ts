import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import type { Bar } from '../../bars.ts';
import { useFreshness, useSession } from '../../session.tsx';
import type { Series } from '../trading/bar-feed.ts';
import { followLine } from '../trading/indicator-feed.ts';

/** A value of an indicator on a bar, and who has computed it. */
export interface Measure {
  readonly name: string;
  readonly value: number | null;
  readonly by: 'pipeline' | 'page';
  /** The bar that it is of; null before there is one. */
  readonly bar: Bar | null;
}

/** The pipeline's value of a bar comes a moment after the bar: until it is here, that of the bar before is shown. */
const behindMax = 2;

/** The newest value of an indicator on bars that have ended: the pipeline's where it computes it, else by `compute`. */
export function useMeasure(series: Series, of: {
  readonly name: string; readonly bars: readonly Bar[]; readonly compute: (bars: readonly Bar[]) => number | null;
}): Measure {
  const { name, bars, compute } = of;
  const values = useValues(series, name, bars[0]?.openMs ?? null);
  return useMemo(() => {
    for (const bar of bars.slice(-behindMax).toReversed()) {
      const value = values.get(bar.openMs);
      if (value !== undefined) return { name, value, by: 'pipeline', bar };
    }
    return { name, value: compute(bars), by: 'page', bar: bars.at(-1) ?? null };
  }, [values, bars, name, compute]);
}

const none: ReadonlyMap<number, number | null> = new Map();
/** On a forming bar a value changes with each trade, and nobody looks at it before the bar has ended. */
const everyMs = 500;

/** Values of a line by open time of their bars, from the first bar on that was loaded. */
function useValues(series: Series, name: string, firstMs: number | null): ReadonlyMap<number, number | null> {
  const session = useSession();
  const freshness = useFreshness();
  const [values, setValues] = useState(none);
  const hasBars = firstMs !== null;
  const follow = useEffectEvent(() => {
    let [held, isChanged] = [new Map<number, number | null>(), false];
    const end = followLine(session, { ...series, line: { name }, fromMs: firstMs ?? 0 }, {
      loaded: (points) => {
        held = new Map(points.map(({ openMs, value }) => [openMs, value]));
        setValues(new Map(held));
      },
      changed: ({ openMs, value }) => {
        held.set(openMs, value);
        isChanged = true;
      },
    });
    const timer = setInterval(() => {
      if (isChanged) setValues(new Map(held));
      isChanged = false;
    }, everyMs);
    return () => {
      clearInterval(timer);
      end();
    };
  });
  useEffect(() => {
    setValues(none);
    return hasBars ? follow() : undefined;
  }, [session, series, name, hasBars, freshness]);
  return values;
}
