import type { BarQuery, SeriesGap, StoredBar, StoreReader } from '../store/reads.ts';
import { barPage, fieldsOf } from './data-schemas.ts';
import { Type } from './json-schema.ts';
import { limit, nextMsOf, nextOf, order, orderOf, spec, specOf, symbol, time, venue } from './query-parts.ts';
import { isoOf, rangeOf } from './query-times.ts';
import { routeWithQuery, type Answer, type Route } from './route.ts';
import {
  formatOption, jsonRowsMax, linesOf, otherTypes, requireLimit, streamedRowsMax, textOf, typeOf, type Format,
} from './row-formats.ts';

const limitDefault = 500;
/** Of a stream: 2 MB on the wire of the database, and a moment of its time. */
const pageRows = 5_000;
/** As many are seldom in the sight of anybody; who wants all asks /api/gaps. */
const gapsMax = 1_000;

const barsRoute: Route = routeWithQuery({
  path: '/api/bars', tag: 'data', open: false, limited: true, isTagged: true,
  summary: 'Bars of one instrument: stored ones, or made of stored ones that divide them.',
  query: Type.Object({
    venue, symbol,
    spec,
    from: time('Open time of the first bar'),
    until: time('Open times up to here, exclusive'),
    limit: limit(limitDefault, streamedRowsMax),
    order,
    fill: Type.Optional(Type.Enum(['none', 'carry', 'null'], {
      default: 'none',
      description: 'Empty intervals: none leaves them out; carry repeats the close before them with volume 0 and ' +
        'never crosses a gap; null gives rows without prices. Such rows have filled: true.',
    })),
    format: formatOption,
    gaps: Type.Optional(Type.Boolean({ default: false, description: 'Also the recorded gaps within the bars; json only.' })),
  }, { additionalProperties: false }),
  answers: {
    200: { description: 'Bars, and where to go on when limit cut them.', body: barPage, alsoTypes: otherTypes },
  },
  answer: async (query, { store }, { abort }) => {
    const { format = 'json', limit = limitDefault, gaps = false } = query;
    requireLimit(limit, format);
    const asked: BarQuery = {
      venue: query.venue, symbol: query.symbol, spec: specOf(query.spec), ...rangeOf(query), limit, order: orderOf(query),
      fill: query.fill ?? 'none',
    };
    if (limit > jsonRowsMax && format !== 'json') return streamed(asked, format, { store, abort });
    const { bars, madeFrom } = await firstPage(asked, store, abort);
    if (format !== 'json') return { ...await textOf(format, fields, bars.map(barOf)), headers: headersOf(madeFrom) };
    const missed = gaps ? await gapsOf({ asked, bars, madeFrom }, store, abort) : null;
    const { venue, symbol, spec, order, fill } = asked;
    return {
      status: 200,
      body: {
        venue, symbol, spec, made_from: madeFrom, order, fill, bars: bars.map(barOf), next: nextOf(asked, bars),
        ...(missed === null ? {} : { gaps: missed.map(gapOf) }),
      },
    };
  },
});

export const barRoutes: readonly Route[] = [barsRoute];

const fields = fieldsOf(barPage, 'bars');

interface Page {
  readonly bars: readonly StoredBar[];
  readonly madeFrom: string | null;
}

/** What is stored is not made anew: only where nothing is found it is asked what bars could be made of. */
async function firstPage(asked: BarQuery, store: StoreReader, abort: AbortSignal): Promise<Page> {
  const bars = await store.bars(asked, abort);
  const madeFrom = bars.length > 0 ? null : await store.madeFrom(asked, abort);
  return madeFrom === null ? { bars, madeFrom } : { bars: await store.bars({ ...asked, madeFrom }, abort), madeFrom };
}

/** Page after page as the client takes them. What it is made from stands in a header, so the first page is read before. */
async function streamed(
  asked: BarQuery, format: Exclude<Format, 'json'>, { store, abort }: { store: StoreReader; abort: AbortSignal },
): Promise<Answer> {
  const first = await firstPage({ ...asked, limit: pageRows }, store, abort);
  return {
    status: 200, type: typeOf(format), headers: headersOf(first.madeFrom),
    pieces: (gone) => linesOf(format, fields, pagesOf(asked, first, { store, abort: gone })),
  };
}

async function* pagesOf(
  asked: BarQuery, first: Page, { store, abort }: { store: StoreReader; abort: AbortSignal },
): AsyncGenerator<readonly Record<string, unknown>[]> {
  let left = asked.limit;
  let page = { ...asked, madeFrom: first.madeFrom, limit: pageRows };
  let { bars } = first;
  for (;;) {
    yield bars.map(barOf);
    left -= bars.length;
    const nextMs = nextMsOf(page, bars);
    if (nextMs === null || left <= 0) return;
    const bound = page.order === 'asc' ? { fromMs: nextMs } : { untilMs: nextMs };
    page = { ...page, ...bound, limit: Math.min(pageRows, left) };
    bars = await store.bars(page, abort);
  }
}

/** Of the range that the bars cover; where there are none, of the one that was asked for. */
async function gapsOf(
  { asked, bars, madeFrom }: Page & { readonly asked: BarQuery }, store: StoreReader, abort: AbortSignal,
): Promise<readonly SeriesGap[]> {
  const [one, other] = [bars.at(0), bars.at(-1)];
  if (one === undefined || other === undefined) return [];
  const { venue, symbol, spec } = asked;
  const fromMs = Math.min(one.openTimeMs, other.openTimeMs);
  const untilMs = Math.max(one.closeTimeMs, other.closeTimeMs);
  return store.seriesGaps({ venue, symbol, spec: madeFrom ?? spec, fromMs, untilMs, limit: gapsMax }, abort);
}

function headersOf(madeFrom: string | null): Record<string, string> {
  return madeFrom === null ? {} : { 'x-made-from': madeFrom };
}

function barOf(bar: StoredBar): Record<string, unknown> {
  return {
    open_time: isoOf(bar.openTimeMs), close_time: isoOf(bar.closeTimeMs), bar_index: bar.barIndex,
    open: bar.open, high: bar.high, low: bar.low, close: bar.close,
    volume: bar.volume, notional: bar.notional, vwap: bar.vwap, trades: bar.trades,
    buy_volume: bar.buyVolume, sell_volume: bar.sellVolume,
    quality: bar.quality, state: bar.state, revision: bar.revision, whole: bar.whole, filled: bar.filled,
  };
}

function gapOf({ fromTimeMs, untilTimeMs, reason, ticksLost }: SeriesGap): Record<string, unknown> {
  return { from_time: isoOf(fromTimeMs), until_time: isoOf(untilTimeMs), reason, ticks_lost: ticksLost };
}
