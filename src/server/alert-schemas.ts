import { alertConditions } from '../model/alert.ts';
import { Type } from './json-schema.ts';
import { name, uuid } from './names.ts';
import { timeRule } from './query-times.ts';

const time = Type.String({ format: 'date-time' });
const orNull = (schema: ReturnType<typeof Type.String>) => Type.Union([schema, Type.Null()]);
/** Far from where doubles end, as amounts of positions. */
const amount = { minimum: -1e15, maximum: 1e15 } as const;
const noteLengthMax = 1_000;

const terms = {
  condition: Type.Enum([...alertConditions], {
    description: 'price_above, price_below: the price crosses the threshold; volume_above: the volume of the bar is above ' +
      'it; crosses_indicator: the close crosses the line of an indicator.',
  }),
  threshold: Type.Union([Type.Number(amount), Type.Null()], {
    description: 'Of a price or a volume; null of an indicator.',
  }),
  indicator: Type.Union([Type.String(name), Type.Null()], {
    description: 'The line that is crossed, as indicators.specs has it, without its bar spec: sma(20).',
  }),
  expires_at: Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Null()], {
    description: `Event time: not for bars that close later; ${timeRule}. null: never.`,
  }),
  note: Type.String({ maxLength: noteLengthMax, pattern: name.pattern, description: 'What the owner wants to remember.' }),
  muted: Type.Boolean({ description: 'It is judged as ever, and nobody is called.' }),
} as const;

export const newRule = Type.Object({
  id: Type.Optional(Type.String({
    ...uuid, description: 'Of the client\'s own, so that it can ask twice. Default: a new one.',
  })),
  venue: Type.String({ ...name, description: 'As the source names it.' }),
  symbol: Type.String({ ...name, description: 'As the venue names it.' }),
  spec: Type.String({ ...name, description: 'One of bars.specs.' }),
  condition: terms.condition,
  threshold: Type.Optional(terms.threshold), indicator: Type.Optional(terms.indicator),
  expires_at: Type.Optional(terms.expires_at), note: Type.Optional(terms.note), muted: Type.Optional(terms.muted),
}, { additionalProperties: false });

export const changedRule = Type.Object({
  condition: Type.Optional(terms.condition), threshold: Type.Optional(terms.threshold),
  indicator: Type.Optional(terms.indicator), expires_at: Type.Optional(terms.expires_at), note: Type.Optional(terms.note),
  muted: Type.Optional(terms.muted),
  version: Type.Optional(Type.Integer({
    minimum: 1, maximum: 2_147_483_647, description: 'As it was read: refused where somebody has changed it since.',
  })),
}, { additionalProperties: false });

export const ruleStates = ['muted', 'expired', 'triggered', 'withdrawn', 'active'] as const;
export type RuleState = (typeof ruleStates)[number];

const words = Type.String({ description: 'The rule in words.' });

export const rule = Type.Object({
  id: Type.String({ description: 'A UUID.' }),
  version: Type.Integer({ description: 'Greater with other terms; an alert belongs to a version.' }),
  venue: Type.String(), symbol: Type.String(), spec: Type.String(), condition: Type.String(),
  threshold: Type.Union([Type.Number(), Type.Null()]), indicator: orNull(Type.String()), words,
  expires_at: orNull(time),
  note: Type.String(), muted: Type.Boolean(),
  state: Type.String({
    description: 'muted; expired (its series has come to where it ends); what its present version came to last: triggered ' +
      'or withdrawn; active where that is nothing yet.',
  }),
  last: Type.Union([
    Type.Object({ state: Type.String(), close_time: time, value: Type.Number() }), Type.Null(),
  ], { description: 'What its present version came to last.' }),
  valid_from: Type.Union([time, Type.Null()], {
    description: 'This version holds for bars that close later; null until a lane has met a bar of its series.',
  }),
  created_at: time, updated_at: time,
});

const alert = Type.Object({
  id: Type.String({ description: 'Names rule, version and bar.' }),
  rule_id: Type.String(), rule_version: Type.Integer(),
  venue: Type.String(), symbol: Type.String(), spec: Type.String(),
  open_time: time,
  close_time: Type.String({ format: 'date-time', description: 'Of its bar: the event time of the alert.' }),
  bar_index: Type.Integer(),
  state: Type.String({ description: 'triggered, or withdrawn where a revision of the bar undid it.' }),
  value: Type.Number({ description: 'The high, low, volume or close that was compared.' }),
  bar_state: Type.String({ description: 'provisional or closed, as its bar.' }),
  words,
  changed_at: Type.String({ format: 'date-time', description: 'When it came to this state: the clock of the database.' }),
  notified_at: Type.Union([time, Type.Null()], { description: 'When the webhook took it.' }),
});

export const alertPage = Type.Object({
  alerts: Type.Array(alert),
  next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as cursor for the next page; null at the end.' }),
});
