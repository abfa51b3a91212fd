import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import type { RouteContext } from './context.ts';
import { errorBody } from './data-schemas.ts';
import { hasTag, tagOf } from './entity-tag.ts';
import { ChangeTooSlow } from './errors.ts';
import type { Answer, Described, Route } from './route.ts';
import { sendPieces } from './send-pieces.ts';

/** Registers a route: its schemas check and describe, its answer is what is sent. */
export function addRoute(app: FastifyInstance, route: Route, context: RouteContext): void {
  app.route({
    method: route.method ?? 'GET', url: route.path, schema: schemaOf(route),
    config: { open: route.open, limited: route.limited },
    ...(route.isTagged === true ? { onSend: tagged } : {}),
    // Before the check, which converts nothing: in JSON a "5" is no number, and a null is no 0.
    preValidation: async (request) => {
      if (route.query !== null) readNumbers(route.query, request.query);
      if (route.params !== undefined) readNumbers(route.params, request.params);
    },
    handler: async (request, reply) => {
      const { keyName } = request;
      const answering = (abort: AbortSignal): Answer | Promise<Answer> =>
        route.answer(askedOf(route, request), context, { abort, keyName });
      const isReading = (route.method ?? 'GET') === 'GET';
      const answer = await (isReading ? answering(request.signal) : withinTime(reply, context, answering));
      const { status, body, type, headers = {}, pieces } = answer;
      reply.status(status).headers(headers);
      if (status === 204) return reply.send();
      reply.type(type ?? 'application/json; charset=utf-8');
      if (pieces === undefined) return body;
      if (request.method === 'HEAD') return reply.send('');
      const { settings: { request_timeout_ms: stallMs }, clock, events } = context;
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      await sendPieces({
        request, reply, pieces, clock, stallMs, onFault: (error) => events.requestFailed(route.path, error),
      });
      return reply;
    },
  });
}

/**
 * What changes something is told to stop when the client has gone, and when it has had its time; then this throws a
 * ChangeTooSlow. Fastify's own signal fires, and its deadline ends, as soon as a body has been read: before the handler is
 * called.
 */
async function withinTime<T>(
  { raw }: FastifyReply, { clock, settings }: RouteContext, change: (abort: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const [over, done] = [new AbortController(), new AbortController()];
  raw.once('close', () => { if (!raw.writableFinished) over.abort(); });
  const tooSlow = async (): Promise<never> => {
    await clock.wait(settings.request_timeout_ms, done.signal);
    throw new ChangeTooSlow('a change has taken longer than server.request_timeout_ms');
  };
  try {
    return await Promise.race([change(over.signal), tooSlow()]);
  } catch (error) {
    over.abort(); // Only now: what it throws when it is told to stop is no news.
    throw error;
  } finally {
    done.abort();
  }
}

/** A body that the client has is not sent again. Asked for again each time, because what is stored may change. */
async function tagged(request: FastifyRequest, reply: FastifyReply, body: unknown): Promise<unknown> {
  if (reply.statusCode !== 200 || typeof body !== 'string') return body;
  const tag = tagOf(body);
  reply.header('etag', tag).header('cache-control', 'private, no-cache');
  if (!hasTag(request.headers['if-none-match'], tag)) return body;
  reply.status(304).removeHeader('content-type').removeHeader('content-length');
  return '';
}

interface Sent {
  readonly query: unknown;
  readonly params: unknown;
  readonly body: unknown;
}

function askedOf(route: Route, { query, params, body }: Sent): unknown {
  if (route.params === undefined && route.body === undefined) return query;
  return {
    ...objectOf(query),
    ...(route.params === undefined ? {} : objectOf(params)),
    ...(route.body === undefined ? {} : { body }),
  };
}

function objectOf(parsed: unknown): object {
  return typeof parsed === 'object' && parsed !== null ? parsed : {};
}

const decimal = /^-?\d{1,20}(\.\d{1,20})?$/;

/** A query and a path are text: what is to be a number or a truth is made one, where it reads as one. */
function readNumbers(schema: TSchema, sent: unknown): void {
  if (typeof sent !== 'object' || sent === null) return;
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, { readonly type?: unknown }>> };
  for (const [name, text] of Object.entries(sent)) {
    if (!Object.hasOwn(properties, name) || typeof text !== 'string') continue;
    const { type } = properties[name];
    if ((type === 'integer' || type === 'number') && decimal.test(text)) Object.assign(sent, { [name]: Number(text) });
    if (type === 'boolean' && (text === 'true' || text === 'false')) Object.assign(sent, { [name]: text === 'true' });
  }
}

function schemaOf(route: Route): FastifySchema {
  const response: Record<string, unknown> = {};
  for (const [status, described] of Object.entries(route.answers)) response[status] = responseOf(status, described);
  if (route.isTagged === true) response['304'] = { description: 'What the client has is what there is.', type: 'null' };
  if (takesInput(route)) response['4xx'] = { description: 'What is wrong with the request.', ...errorBody };
  return {
    summary: route.summary, tags: [route.tag], hide: route.tag === 'page', response,
    ...(route.query === null ? {} : { querystring: route.query }),
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(route.open ? {} : { security: [{ key: [] }, { bearer: [] }] }),
  };
}

function responseOf(status: string, { description, body, type, alsoTypes }: Described): object {
  if (body !== undefined && alsoTypes !== undefined) {
    const others = alsoTypes.map((one) => [one, { schema: { type: 'string' } }]);
    return { description, content: { 'application/json': { schema: body }, ...Object.fromEntries(others) } };
  }
  if (body !== undefined) return { description, ...body };
  if (status === '204') return { description, type: 'null' };
  return { description, content: { [type ?? 'text/plain']: { schema: { type: 'string' } } } };
}

function takesInput({ method = 'GET', query, params }: Route): boolean {
  return method !== 'GET' || query !== null || params !== undefined;
}
