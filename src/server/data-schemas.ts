import type { TSchema } from 'typebox';
import { Type } from './json-schema.ts';

const price = Type.Union([Type.Number(), Type.Null()]);
const time = Type.String({ format: 'date-time' });

const bar = Type.Object({
  open_time: time,
  close_time: Type.String({ format: 'date-time', description: 'Exclusive.' }),
  bar_index: Type.Integer(),
  open: price,
  high: price,
  low: price,
  close: price,
  volume: Type.Number(),
  notional: Type.Number({ description: 'Sum of price times size.' }),
  vwap: Type.Union([Type.Number(), Type.Null()], { description: 'notional / volume; null when volume is 0.' }),
  trades: Type.Integer(),
  buy_volume: Type.Number(),
  sell_volume: Type.Number(),
  quality: Type.String({ description: 'complete, partial (the first after a start) or gap (data is missing).' }),
  state: Type.String({ description: 'provisional (closed by the clock) or closed (by the log).' }),
  revision: Type.Integer({ description: 'Late ticks taken since it was closed.' }),
  whole: Type.Boolean({ description: 'Its fold saw everything that the log holds.' }),
  filled: Type.Boolean({ description: 'No bar is stored here: fill made the row.' }),
});

export const barPage = Type.Object({
  venue: Type.String(),
  symbol: Type.String(),
  spec: Type.String({ description: 'The canonical name.' }),
  made_from: Type.Union([Type.String(), Type.Null()], {
    description: 'The stored spec that the bars were made of; null where they are stored themselves.',
  }),
  order: Type.String(),
  fill: Type.String(),
  bars: Type.Array(bar),
  next: Type.Union([time, Type.Null()], {
    description: 'Give it as from (asc) or until (desc) for the next page; null when nothing was cut.',
  }),
  gaps: Type.Optional(Type.Array(Type.Object({
    from_time: time, until_time: time, reason: Type.String(),
    ticks_lost: Type.Integer({ description: '0 where nobody can know.' }),
  }), { description: 'Where gaps=true asked for them: recorded gaps within the range of the bars, the first 1,000.' })),
});

const value = Type.Object({
  open_time: time,
  close_time: Type.String({ format: 'date-time', description: 'Exclusive.' }),
  bar_index: Type.Integer(),
  value: Type.Union([Type.Number(), Type.Null()], { description: 'null where too few bars have come.' }),
  quality: Type.String({ description: 'That of its bar; gap also where data is missing between it and the bar before.' }),
  state: Type.String({ description: 'provisional or closed, as its bar.' }),
  revision: Type.Integer({ description: 'Late ticks that its bar has taken.' }),
  whole: Type.Boolean({ description: 'No bar that it can see was missed.' }),
});

export const valuePage = Type.Object({
  venue: Type.String(),
  symbol: Type.String(),
  indicator: Type.String({ description: 'The canonical name.' }),
  spec: Type.String({ description: 'The canonical name.' }),
  order: Type.String(),
  values: Type.Array(value),
  next: Type.Union([time, Type.Null()], { description: 'As of bars.' }),
});

const timeOrNull = Type.Union([time, Type.Null()]);

export const symbolList = Type.Object({
  symbols: Type.Array(Type.Object({
    venue: Type.String(),
    symbol: Type.String(),
    specs: Type.Array(Type.String()),
    last_price: Type.Number({ description: 'Close of the newest bar.' }),
    last_spec: Type.String({ description: 'Bar spec of that bar: the one that opened last.' }),
    quality: Type.String({ description: 'Of that bar.' }),
    state: Type.String({ description: 'Of that bar.' }),
    newest_open_time: time,
    newest_close_time: time,
    age_ms: Type.Number({ description: 'Our clock less newest_close_time; 0 where that lies ahead.' }),
    base_price: Type.Union([Type.Number(), Type.Null()], {
      description: 'Close of the last bar that had ended 24 hours before newest_close_time; null where none is stored.',
    }),
    base_time: { ...timeOrNull, description: 'When that bar ended.' },
    change: Type.Union([Type.Number(), Type.Null()], { description: 'last_price - base_price.' }),
    change_share: Type.Union([Type.Number(), Type.Null()], { description: 'change / |base_price|; null where that is 0.' }),
  })),
  next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as cursor for the next page; null at the end.' }),
});

const orAll = (of: string) => Type.String({ description: `Empty: all ${of}.` });

export const gapList = Type.Object({
  gaps: Type.Array(Type.Object({
    lane: Type.String(),
    venue: orAll('venues of the lane'),
    symbol: orAll('symbols'),
    spec: orAll('bar specs'),
    from_time: time,
    until_time: time,
    reason: Type.String(),
    ticks_lost: Type.Integer({ description: '0 where nobody can know.' }),
  })),
  is_cut: Type.Boolean({ description: 'There are more than limit: ask for a shorter range.' }),
});

export const errorBody = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    field: Type.Optional(Type.String()),
  }),
});

interface ListSchema {
  readonly properties: Readonly<Record<string, { readonly items?: { readonly properties: object } }>>;
}

/** The fields of the rows of a list, in their order: the columns of its CSV. */
export function fieldsOf(page: TSchema, list: string): readonly string[] {
  const { properties } = page as ListSchema;
  return Object.keys(properties[list].items?.properties ?? {});
}
