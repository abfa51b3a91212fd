import { randomUUID } from 'node:crypto';
import { positionsMax, type Position, type StoredPosition } from '../model/position.ts';
import { errorBody } from './data-schemas.ts';
import { refusal } from './errors.ts';
import { Type } from './json-schema.ts';
import { name, uuid } from './names.ts';
import { isoOf, timeOf, timeRule } from './query-times.ts';
import {
  BadRequest, routeWithBody, routeWithParams, routeWithParamsAndBody, routeWithQuery, type Answer, type Route,
} from './route.ts';

/** A profit is a product of two such numbers: far from where doubles end. */
const amount = { minimum: -1e15, maximum: 1e15 } as const;
const time = Type.String({ format: 'date-time' });
const noteLengthMax = 1_000;

const fields = {
  venue: Type.String({ ...name, description: 'As the source names it.' }),
  symbol: Type.String({ ...name, description: 'As the venue names it.' }),
  size: Type.Number({ ...amount, description: 'Of the symbol\'s base; less than 0 where it was sold short; not 0.' }),
  entry_price: Type.Number({ ...amount, description: 'For one of the base.' }),
  entry_time: Type.String({ minLength: 1, maxLength: 40, description: `${timeRule}. Default: now.` }),
  note: Type.String({ maxLength: noteLengthMax, pattern: name.pattern, description: 'What the owner wants to remember.' }),
} as const;

const position = Type.Object({
  id: Type.String({ description: 'A UUID.' }),
  venue: Type.String(), symbol: Type.String(), size: Type.Number(), entry_price: Type.Number(), entry_time: time,
  note: Type.String(),
  revision: Type.Integer({ description: 'How often it was changed.' }),
  created_at: time, updated_at: time,
});

const described = { tag: 'data', open: false, limited: true } as const;
const params = Type.Object({ id: Type.String({ ...uuid, description: 'Of the position.' }) });
const noQuery = Type.Object({}, { additionalProperties: false });
const missing = { 404: { description: 'There is no such position.', body: errorBody } } as const;
const found = { description: 'The position as it is now.', body: position } as const;

const listRoute = routeWithQuery({
  ...described, path: '/api/positions', summary: 'Positions that were written down here.', query: noQuery,
  answers: {
    200: {
      description: 'By venue, symbol and time of entry.',
      body: Type.Object({
        positions: Type.Array(position), positions_max: Type.Integer({ description: 'As many there may be.' }),
      }),
    },
  },
  answer: async (_, { positions }, { abort }) => (
    { status: 200, body: { positions: (await positions.list(abort)).map(shown), positions_max: positionsMax } }),
});

const findRoute = routeWithParams({
  ...described, path: '/api/positions/:id', summary: 'One position.', params, query: noQuery,
  answers: { 200: found, ...missing },
  answer: async ({ id }, { positions }, { abort }) => answerOf(await positions.find(id, abort) ?? 'missing', id),
});

const createRoute = routeWithBody({
  ...described, method: 'POST', path: '/api/positions', summary: 'Writes a position down.',
  body: Type.Object({
    id: Type.Optional(Type.String({
      ...uuid, description: 'Of the client\'s own, so that it can ask twice. Default: a new one.',
    })),
    venue: fields.venue, symbol: fields.symbol, size: fields.size, entry_price: fields.entry_price,
    entry_time: Type.Optional(fields.entry_time), note: Type.Optional(fields.note),
  }, { additionalProperties: false }),
  answers: {
    201: { description: 'The position; location says where it is from now on.', body: position },
    409: { description: `The id is taken, or there are ${positionsMax} positions already.`, body: errorBody },
  },
  answer: async ({ body }, { positions, clock }, { abort }) => {
    const nowMs = clock.nowMs();
    const { id = randomUUID(), note = '', entry_time } = body;
    const entryTimeMs = timeOf('entry_time', entry_time) ?? nowMs;
    const { venue, symbol, size, entry_price: entryPrice } = body;
    requireSize(size);
    const created = await positions.create({ venue, symbol, size, entryPrice, entryTimeMs, note, id, nowMs }, abort);
    if (typeof created === 'string') return answerOf(created, id);
    return { status: 201, body: shown(created), headers: { location: `positions/${created.id}` } };
  },
});

const changeRoute = routeWithParamsAndBody({
  ...described, method: 'PATCH', path: '/api/positions/:id', summary: 'Changes fields of a position.', params,
  body: Type.Object({
    venue: Type.Optional(fields.venue), symbol: Type.Optional(fields.symbol), size: Type.Optional(fields.size),
    entry_price: Type.Optional(fields.entry_price), entry_time: Type.Optional(fields.entry_time),
    note: Type.Optional(fields.note),
    revision: Type.Optional(Type.Integer({
      minimum: 0, maximum: 2_147_483_647, description: 'As it was read: refused where somebody has changed it since.',
    })),
  }, { additionalProperties: false }),
  answers: { 200: found, ...missing, 409: { description: 'It has another revision by now.', body: errorBody } },
  answer: async ({ id, body }, { positions, clock }, { abort }) => {
    const { revision = null, entry_time, note } = body;
    const entryTimeMs = timeOf('entry_time', entry_time);
    const changed = {
      ...writtenOf(body), ...(entryTimeMs === null ? {} : { entryTimeMs }), ...(note === undefined ? {} : { note }),
    };
    return answerOf(await positions.change({ id, changed, revision, nowMs: clock.nowMs() }, abort), id);
  },
});

const removeRoute = routeWithParams({
  ...described, method: 'DELETE', path: '/api/positions/:id', summary: 'Removes a position.', params, query: noQuery,
  answers: { 204: { description: 'It is gone.' }, ...missing },
  answer: async ({ id }, { positions }, { abort }) => (
    await positions.remove(id, abort) ? { status: 204 } : answerOf('missing', id)),
});

export const positionRoutes: readonly Route[] = [listRoute, findRoute, createRoute, changeRoute, removeRoute];

interface Written {
  readonly venue?: string;
  readonly symbol?: string;
  readonly size?: number;
  readonly entry_price?: number;
}

/** The fields that are there, but time and note. */
function writtenOf({ venue, symbol, size, entry_price: entryPrice }: Written): Partial<Position> {
  requireSize(size);
  const given = Object.entries({ venue, symbol, size, entryPrice }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function requireSize(size: number | undefined): void {
  if (size === 0) throw new BadRequest('size', 'size must not be 0: remove the position instead.');
}

function shown(position: StoredPosition): Record<string, unknown> {
  const { id, venue, symbol, size, note, revision } = position;
  return {
    id, venue, symbol, size, entry_price: position.entryPrice, entry_time: isoOf(position.entryTimeMs), note, revision,
    created_at: isoOf(position.createdMs), updated_at: isoOf(position.updatedMs),
  };
}

function answerOf(outcome: StoredPosition | 'missing' | 'stale' | 'exists' | 'full', id: string): Answer {
  switch (outcome) {
    case 'missing': return refusal(404, 'not-found', `There is no position ${id}.`, 'id');
    case 'stale': return refusal(409, 'conflict', `Position ${id} was changed meanwhile; read it again.`, 'revision');
    case 'exists': return refusal(409, 'conflict', `There is a position ${id}; leave the id out for a new one.`, 'id');
    case 'full': return refusal(409, 'limit-reached', `There are ${positionsMax} positions already; remove one first.`);
  }
  return { status: 200, body: shown(outcome) };
}
