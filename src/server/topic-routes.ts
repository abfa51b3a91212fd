import { isUtf8 } from 'node:buffer';
import { Type } from './json-schema.ts';
import type { RecentMessage } from '../model/message.ts';
import { isoOf } from './query-times.ts';
import { routeWithParams, routeWithQuery, type Answer, type Route } from './route.ts';
import type { RouteContext } from './context.ts';
import { errorBody } from './data-schemas.ts';
import { refusal } from './errors.ts';

const text = (what: string) => Type.Union([Type.String(), Type.Null()], { description: what });
const encoding = Type.Union([Type.Literal('utf8'), Type.Literal('base64')]);

const message = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  timestamp: text('The record\'s own time, ISO 8601 in UTC; null where it has none.'),
  key: text('Null where the record has none.'),
  key_encoding: encoding,
  value: text('Null where the record has none.'),
  value_encoding: encoding,
  value_bytes: Type.Integer({ description: 'In the log.' }),
  cut: Type.Boolean({ description: 'Only the beginning of the key or the value is here.' }),
});
const recentMessages = Type.Object({ topic: Type.String(), messages: Type.Array(message) });

/** As many as a topic's setting can keep. */
const limitMax = 64;
const topic = Type.String({
  minLength: 1, maxLength: 249, pattern: '^[a-zA-Z0-9._-]+$', description: 'A topic that a source of this pipeline reads.',
});
const limit = Type.Optional(Type.Integer({
  minimum: 1, maximum: limitMax, default: 50, description: 'Messages at most, the newest.',
}));

const described = {
  tag: 'data', open: false, limited: true, summary: 'The last messages of a topic, as this process has read them.',
  answers: {
    200: { description: 'Newest first; kafka.recent_messages says how many are kept.', body: recentMessages },
    404: { description: 'Nothing of this pipeline reads the topic.', body: errorBody },
  },
} as const;

interface Asked {
  readonly topic: string;
  readonly limit?: number;
}

/** Nothing is asked of the brokers: what the one consumer reads for the bars is what is shown. */
function answer({ topic, limit = 50 }: Asked, { recentTopics }: RouteContext): Answer {
  const messages = recentTopics.of(topic);
  if (messages === null) return refusal(404, 'not-found', `No source of this pipeline reads the topic ${topic}.`, 'topic');
  return { status: 200, body: { topic, messages: messages.slice(0, limit).map(shown) } };
}

export const topicRoutes: readonly Route[] = [
  routeWithParams({
    ...described, path: '/api/topics/:topic/recent', answer,
    params: Type.Object({ topic }), query: Type.Object({ limit }, { additionalProperties: false }),
  }),
  routeWithQuery({
    ...described, path: '/api/kafka', answer, summary: 'The same as /api/topics/{topic}/recent.',
    query: Type.Object({ topic, limit }, { additionalProperties: false }),
  }),
];

function shown(message: RecentMessage): Record<string, unknown> {
  const { partition, offset, timestampMs, key, value, keyBytes, valueBytes } = message;
  const [keyText, valueText] = [textOf(key, keyBytes), textOf(value, valueBytes)];
  return {
    partition, offset, timestamp: timestampMs >= 0 && timestampMs <= timeMsMax ? isoOf(timestampMs) : null,
    key: keyText.text, key_encoding: keyText.encoding, value: valueText.text, value_encoding: valueText.encoding,
    value_bytes: value === null ? 0 : valueBytes, cut: keyText.isCut || valueText.isCut,
  };
}

/** The furthest that a Date reaches. */
const timeMsMax = 8.64e15;

interface Shown {
  readonly text: string | null;
  readonly encoding: 'utf8' | 'base64';
  readonly isCut: boolean;
}

function textOf(bytes: Buffer | null, wholeBytes: number): Shown {
  if (bytes === null) return { text: null, encoding: 'utf8', isCut: false };
  const isCut = bytes.length < wholeBytes;
  const readable = isCut ? bytes.subarray(0, endOfText(bytes)) : bytes;
  if (isUtf8(readable)) return { text: readable.toString('utf8'), encoding: 'utf8', isCut };
  return { text: bytes.toString('base64'), encoding: 'base64', isCut };
}

/** Before the last character when that was cut in two: it begins with 11 and goes on with up to three bytes of 10. */
function endOfText(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= 0 && at >= bytes.length - 4; at--) {
    if (bytes[at] >= 0xc0) return isUtf8(bytes.subarray(at)) ? bytes.length : at;
    if (bytes[at] < 0x80) return bytes.length;
  }
  return bytes.length;
}
