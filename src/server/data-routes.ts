import { Type } from './json-schema.ts';
import { MdpError } from '../errors.ts';
import { parseBarSpec } from '../model/bar-spec.ts';
import { name } from './names.ts';
import { isoOf, rangeOf, timeRule } from './query-times.ts';
import { cursorOf, instrumentOf } from './cursors.ts';
import type { BarQuery, StoredBar, StoredSymbol, StoredValue } from '../store/reads.ts';
import { BadRequest, routeWithQuery } from './route.ts';
import type { Route } from './route.ts';
import { barPage, gapList, symbolList, valuePage } from './data-schemas.ts';

const venue = Type.String({ ...name, description: 'As the source names it.' });
const symbol = Type.String({ ...name, description: 'As the venue names it.' });
const time = (what: string) => Type.Optional(Type.String({ maxLength: 40, description: `${what}; ${timeRule}.` }));

/** 10,000 bars are some 3 MB of JSON: a second's work, not a minute's. */
const limitMax = 10_000;
const limitDefault = { bars: 500, indicators: 500, symbols: 1_000, gaps: 500 } as const;
const limit = (what: keyof typeof limitDefault) => Type.Optional(Type.Integer({
  minimum: 1, maximum: limitMax, default: limitDefault[what], description: 'Rows at most.',
}));

const described = { tag: 'data', open: false, limited: true } as const;

const spec = Type.String({ ...name, description: 'Bar spec, such as 1m, 1d or 1d@America/New_York.' });
const order = Type.Optional(Type.Enum(['asc', 'desc'], {
  description: 'By open time. Default: asc where from is given, else desc, so that limit keeps the newest.',
}));

const barsRoute = routeWithQuery({
  ...described, path: '/api/bars', summary: 'Stored bars of one instrument.',
  query: Type.Object({
    venue, symbol,
    spec,
    from: time('Open time of the first bar'),
    until: time('Open times up to here, exclusive'),
    limit: limit('bars'),
    order,
    fill: Type.Optional(Type.Enum(['none', 'carry', 'null'], {
      default: 'none',
      description: 'Empty intervals: none leaves them out; carry repeats the close before them with volume 0 and ' +
        'never crosses a gap; null gives rows without prices. Such rows have filled: true.',
    })),
  }, { additionalProperties: false }),
  answers: { 200: { description: 'Bars, and where to go on when limit cut them.', body: barPage } },
  answer: async (query, { store }, { abort }) => {
    const asked: BarQuery = {
      venue: query.venue, symbol: query.symbol, spec: specOf(query.spec), ...rangeOf(query),
      limit: query.limit ?? limitDefault.bars, order: orderOf(query),
      fill: query.fill ?? 'none',
    };
    const bars = await store.bars(asked, abort);
    const { order, fill, spec } = asked;
    return {
      status: 200,
      body: {
        venue: query.venue, symbol: query.symbol, spec, order, fill, bars: bars.map(barOf), next: nextOf(asked, bars),
      },
    };
  },
});

const indicatorsRoute = routeWithQuery({
  ...described, path: '/api/indicators', summary: 'Stored values of an indicator on the bars of one instrument.',
  query: Type.Object({
    venue, symbol,
    indicator: Type.String({ ...name, description: 'As indicators.specs has it, without its bar spec: rsi(14).' }),
    spec,
    from: time('Open time of the first bar'),
    until: time('Open times up to here, exclusive'),
    limit: limit('indicators'),
    order,
  }, { additionalProperties: false }),
  answers: { 200: { description: 'Values, and where to go on when limit cut them.', body: valuePage } },
  answer: async (query, { store }, { abort }) => {
    const { venue, symbol, limit = limitDefault.indicators } = query;
    const asked = {
      venue, symbol, indicator: query.indicator.toLowerCase().replaceAll(/\s/g, ''), spec: specOf(query.spec),
      ...rangeOf(query), limit, order: orderOf(query),
    };
    const values = await store.indicators(asked, abort);
    const { indicator, spec, order } = asked;
    return {
      status: 200,
      body: { venue, symbol, indicator, spec, order, values: values.map(valueOf), next: nextOf(asked, values) },
    };
  },
});

const symbolsRoute = routeWithQuery({
  ...described, path: '/api/symbols', summary: 'Instruments that have bars: specs, last price, change over a day, age.',
  query: Type.Object({
    venue: Type.Optional(venue), limit: limit('symbols'),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: 'What next was.' })),
  }, { additionalProperties: false }),
  answers: { 200: { description: 'By venue and symbol.', body: symbolList } },
  answer: async (query, { store, clock }, { abort }) => {
    const { venue = null, limit = limitDefault.symbols, cursor } = query;
    const symbols = await store.symbols({ venue, limit, after: instrumentOf(cursor) }, abort);
    const last = symbols.at(-1);
    const nowMs = clock.nowMs();
    return {
      status: 200,
      body: {
        symbols: symbols.map((symbol) => symbolOf(symbol, nowMs)),
        next: last === undefined || symbols.length < limit ? null : cursorOf([last.venue, last.symbol]),
      },
    };
  },
});

const gapsRoute = routeWithQuery({
  ...described, path: '/api/gaps', summary: 'Stretches of the logs that are missing, newest first.',
  query: Type.Object({
    lane: Type.Optional(Type.String(name)), venue: Type.Optional(venue), symbol: Type.Optional(symbol),
    from: time('Gaps that end after'), until: time('Gaps that begin before'), limit: limit('gaps'),
  }, { additionalProperties: false }),
  answers: { 200: { description: 'Gaps of the venue or symbol, and those of all.', body: gapList } },
  answer: async (query, { store }, { abort }) => {
    const { lane = null, venue = null, symbol = null, limit = limitDefault.gaps } = query;
    const gaps = await store.gaps({ lane, venue, symbol, ...rangeOf(query), limit }, abort);
    return {
      status: 200,
      body: {
        gaps: gaps.map((gap) => ({
          lane: gap.lane, venue: gap.venue, symbol: gap.symbol, spec: gap.spec, from_time: isoOf(gap.fromTimeMs),
          until_time: isoOf(gap.untilTimeMs), reason: gap.reason, ticks_lost: gap.ticksLost,
        })),
      },
    };
  },
});

export const dataRoutes: readonly Route[] = [barsRoute, indicatorsRoute, symbolsRoute, gapsRoute];

function orderOf(query: { readonly order?: 'asc' | 'desc'; readonly from?: string }): 'asc' | 'desc' {
  return query.order ?? (query.from === undefined ? 'desc' : 'asc');
}

function specOf(text: string): string {
  try {
    return parseBarSpec(text).name;
  } catch (error) {
    if (error instanceof MdpError) throw new BadRequest('spec', `spec: ${error.message}`);
    throw error;
  }
}

/** Where the next page begins: `from` of an ascending, `until` of a descending query. */
function nextOf(
  { order, limit }: Pick<BarQuery, 'order' | 'limit'>, bars: readonly Pick<StoredBar, 'openTimeMs'>[],
): string | null {
  const last = bars.at(-1);
  if (last === undefined || bars.length < limit) return null;
  return isoOf(order === 'asc' ? last.openTimeMs + 1 : last.openTimeMs);
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

function valueOf(value: StoredValue): Record<string, unknown> {
  return {
    open_time: isoOf(value.openTimeMs), close_time: isoOf(value.closeTimeMs), bar_index: value.barIndex, value: value.value,
    quality: value.quality, state: value.state, revision: value.revision, whole: value.whole,
  };
}

function symbolOf(one: StoredSymbol, nowMs: number): Record<string, unknown> {
  const { venue, symbol, specs, lastPrice, basePrice, baseTimeMs, quality, state } = one;
  const change = basePrice === null ? null : lastPrice - basePrice;
  return {
    venue, symbol, specs, last_price: lastPrice, last_spec: one.lastSpec, quality, state,
    newest_open_time: isoOf(one.newestOpenTimeMs), newest_close_time: isoOf(one.newestCloseTimeMs),
    age_ms: Math.max(0, nowMs - one.newestCloseTimeMs),
    base_price: basePrice, base_time: baseTimeMs === null ? null : isoOf(baseTimeMs),
    change, change_share: change === null || basePrice === null || basePrice === 0 ? null : change / Math.abs(basePrice),
  };
}
