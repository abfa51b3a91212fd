import { cursorOf, instrumentOf } from './cursors.ts';
import { fieldsOf, gapList, symbolList, valuePage } from './data-schemas.ts';
import { Type } from './json-schema.ts';
import { name } from './names.ts';
import { limit, nextOf, order, orderOf, spec, specOf, symbol, time, venue } from './query-parts.ts';
import { isoOf, rangeOf } from './query-times.ts';
import { routeWithQuery } from './route.ts';
import type { Route } from './route.ts';
import { formatOption, otherTypes, textOf } from './row-formats.ts';
import type { StoredGap, StoredSymbol, StoredValue } from '../store/reads.ts';

const limitDefault = { indicators: 500, symbols: 1_000, gaps: 500 } as const;

const described = { tag: 'data', open: false, limited: true } as const;

const indicatorsRoute = routeWithQuery({
  ...described, path: '/api/indicators', isTagged: true,
  summary: 'Stored values of an indicator on the bars of one instrument.',
  query: Type.Object({
    venue, symbol,
    indicator: Type.String({
      ...name,
      description: 'As indicators.specs has it, without its bar spec, and its line: rsi(14), bollinger(20,2).upper.',
    }),
    spec,
    from: time('Open time of the first bar'),
    until: time('Open times up to here, exclusive'),
    limit: limit(limitDefault.indicators),
    order, format: formatOption,
  }, { additionalProperties: false }),
  answers: {
    200: { description: 'Values, and where to go on when limit cut them.', body: valuePage, alsoTypes: otherTypes },
  },
  answer: async (query, { store }, { abort }) => {
    const { venue, symbol, limit = limitDefault.indicators, format = 'json' } = query;
    const asked = {
      venue, symbol, indicator: query.indicator.toLowerCase().replaceAll(/\s/g, ''), spec: specOf(query.spec),
      ...rangeOf(query), limit, order: orderOf(query),
    };
    const values = await store.indicators(asked, abort);
    if (format !== 'json') return textOf(format, fieldsOf(valuePage, 'values'), values.map(valueOf));
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
    venue: Type.Optional(venue), limit: limit(limitDefault.symbols),
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
  ...described, path: '/api/gaps', summary: 'Stretches of the logs that are missing, newest first.', isTagged: true,
  query: Type.Object({
    lane: Type.Optional(Type.String(name)), venue: Type.Optional(venue), symbol: Type.Optional(symbol),
    from: time('Gaps that end after'), until: time('Gaps that begin before'), limit: limit(limitDefault.gaps),
    format: formatOption,
  }, { additionalProperties: false }),
  answers: { 200: { description: 'Gaps of the venue or symbol, and those of all.', body: gapList, alsoTypes: otherTypes } },
  answer: async (query, { store }, { abort }) => {
    const { lane = null, venue = null, symbol = null, limit = limitDefault.gaps, format = 'json' } = query;
    const found = await store.gaps({ lane, venue, symbol, ...rangeOf(query), limit: limit + 1 }, abort);
    const gaps = found.slice(0, limit).map(gapOf);
    if (format !== 'json') return textOf(format, fieldsOf(gapList, 'gaps'), gaps);
    return { status: 200, body: { gaps, is_cut: found.length > limit } };
  },
});

export const dataRoutes: readonly Route[] = [indicatorsRoute, symbolsRoute, gapsRoute];

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

function gapOf(gap: StoredGap): Record<string, unknown> {
  return {
    lane: gap.lane, venue: gap.venue, symbol: gap.symbol, spec: gap.spec, from_time: isoOf(gap.fromTimeMs),
    until_time: isoOf(gap.untilTimeMs), reason: gap.reason, ticks_lost: gap.ticksLost,
  };
}
