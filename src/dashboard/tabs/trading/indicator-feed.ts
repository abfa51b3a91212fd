import type { Session } from '../../session.tsx';
import { valueKey } from '../../stream-keys.ts';
import type { Series } from './bar-feed.ts';
import type { IndicatorLine } from './indicator-lines.ts';
import type { LinePoint } from './line-book.ts';

export interface LineEvents {
  /** All of its points; none where the pipeline does not compute it. */
  loaded(points: readonly LinePoint[]): void;
  changed(point: LinePoint): void;
}

const pageValues = 2_000;

/** One line of an indicator: the stored values from a time on, and then those of the stream. Returns what ends it. */
export function followLine(
  { api, stream, live }: Session, { line, fromMs, ...series }: Series & { readonly line: IndicatorLine; readonly fromMs: number },
  events: LineEvents,
): () => void {
  const of = { ...series, indicator: line.name };
  const abort = new AbortController();
  const points = new Map<number, number | null>();
  const tellAll = (): void => {
    const sorted = [...points].sort(([one], [other]) => one - other);
    events.loaded(sorted.map(([openMs, value]) => ({ openMs, value })));
  };
  let isLoaded = false;
  const load = async (): Promise<void> => {
    for (let from: string | null = new Date(fromMs).toISOString(); from !== null;) {
      const page = await api.indicators({ ...of, from, limit: pageValues, order: 'asc' }, abort.signal);
      for (const { open_time, value } of page.values) {
        const openMs = Date.parse(open_time);
        if (!points.has(openMs)) points.set(openMs, value);
      }
      from = page.next;
    }
  };
  const ends = [
    stream.subscribe([{ channel: 'indicators', ...of }]),
    live.listen(valueKey(of), (values) => {
      for (const { open_ms: openMs, value } of values) {
        points.set(openMs, value);
        if (isLoaded) events.changed({ openMs, value });
      }
    }),
  ];
  load().catch(() => {
    // Without stored values those that come now are still drawn.
  }).finally(() => {
    if (abort.signal.aborted) return;
    isLoaded = true;
    tellAll();
  });
  return () => {
    abort.abort();
    for (const end of ends) end();
  };
}
