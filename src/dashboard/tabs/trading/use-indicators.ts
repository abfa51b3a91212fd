import { useEffect, useEffectEvent, useState } from 'react';
import { useFreshness, useSession } from '../../session.tsx';
import type { Series } from './bar-feed.ts';
import type { TradingChart } from './chart.ts';
import { followLine } from './indicator-feed.ts';
import { choices } from './indicator-lines.ts';

interface Options {
  readonly chart: TradingChart | null;
  readonly series: Series;
  readonly chosen: readonly string[];
  /** Where the bars begin: values before it have nothing to stand over. */
  readonly firstMs: number | null;
  readonly onMissing: (names: readonly string[]) => void;
}

/** Draws the lines that were chosen, and says which of them the pipeline does not compute here. */
export function useIndicators({ chart, series, chosen, firstMs, onMissing }: Options): void {
  const session = useSession();
  const freshness = useFreshness();
  const [empty, setEmpty] = useState<ReadonlySet<string>>(new Set());
  const follow = useEffectEvent((name: string, fromMs: number): (() => void) => {
    const lines = choices.find((choice) => choice.name === name)?.lines ?? [];
    const ends = lines.map((line) => followLine(session, { ...series, line, fromMs }, {
      loaded: (points) => {
        chart!.lines.set(line, points);
        mark(name, points.length === 0);
      },
      changed: (point) => {
        chart!.lines.update(line, point);
        mark(name, false);
      },
    }));
    return () => {
      for (const end of ends) end();
      for (const line of lines) chart!.lines.remove(line.name);
    };
  });
  const mark = (name: string, isEmpty: boolean): void => setEmpty((before) => {
    if (before.has(name) === isEmpty) return before;
    const changed = new Set(before);
    if (isEmpty) changed.add(name);
    else changed.delete(name);
    return changed;
  });
  const key = chosen.join(' ');
  useEffect(() => {
    if (chart === null || firstMs === null) return undefined;
    const ends = key === '' ? [] : key.split(' ').map((name) => follow(name, firstMs));
    return () => { for (const end of ends) end(); };
  }, [chart, session, series, firstMs, key, freshness]);
  useEffect(() => onMissing(chosen.filter((name) => empty.has(name))), [chosen, empty, onMissing]);
}
