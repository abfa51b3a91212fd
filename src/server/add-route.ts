import type { FastifyInstance, FastifySchema } from 'fastify';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import type { RouteContext } from './context.ts';
import { errorBody } from './data-schemas.ts';
import type { Described, Route } from './route.ts';

/** Registers a route: its schemas check and describe, its answer is what is sent. */
export function addRoute(app: FastifyInstance, route: Route, context: RouteContext): void {
  app.route({
    method: route.method ?? 'GET', url: route.path, schema: schemaOf(route),
    ...(route.body === undefined ? {} : { validatorCompiler: ({ schema, httpPart }) => strictCheck(schema, httpPart) }),
    config: { open: route.open, limited: route.limited },
    handler: async (request, reply) => {
      const { signal: abort, keyName } = request;
      const answer = await route.answer(askedOf(route, request), context, { abort, keyName });
      const { status, body, type, headers = {} } = answer;
      reply.status(status).headers(headers);
      if (status === 204) return reply.send();
      reply.type(type ?? 'application/json; charset=utf-8');
      return body;
    },
  });
}

interface Sent {
  readonly query: unknown;
  readonly params: unknown;
  readonly body: unknown;
}

function askedOf(route: Route, { query, params, body }: Sent): unknown {
  if (route.params === undefined && route.body === undefined) return query;
  return {
    ...objectOf(query), ...(route.params === undefined ? {} : objectOf(params)), ...(route.body === undefined ? {} : { body }),
  };
}

function objectOf(parsed: unknown): object {
  return typeof parsed === 'object' && parsed !== null ? parsed : {};
}

type Checked = { readonly value: unknown } | { readonly error: Error };

/**
 * The check of a route with a body. A query is text and has to be made into numbers; JSON has types of its own, and a null
 * that became a 0 would be stored.
 */
function strictCheck(schema: unknown, httpPart: string | undefined): (sent: unknown) => Checked {
  const check = Compile(schema as TSchema);
  return (sent) => {
    const value = httpPart === 'body' ? sent : check.Convert(sent);
    if (check.Check(value)) return { value };
    // As the server puts what its own check finds. A boolean is how the schema says that it knows no such field.
    const validation = check.Errors(value).filter(({ keyword }) => keyword !== 'boolean');
    return { error: Object.assign(new Error('Not what the schema asks for.'), { validation }) };
  };
}

function schemaOf(route: Route): FastifySchema {
  const response: Record<string, unknown> = {};
  for (const [status, described] of Object.entries(route.answers)) response[status] = responseOf(status, described);
  if (takesInput(route)) response['4xx'] = { description: 'What is wrong with the request.', ...errorBody };
  return {
    summary: route.summary, tags: [route.tag], hide: route.tag === 'page', response,
    ...(route.query === null ? {} : { querystring: route.query }),
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(route.open ? {} : { security: [{ key: [] }, { bearer: [] }] }),
  };
}

function responseOf(status: string, { description, body, type }: Described): object {
  if (body !== undefined) return { description, ...body };
  if (status === '204') return { description, type: 'null' };
  return { description, content: { [type ?? 'text/plain']: { schema: { type: 'string' } } } };
}

function takesInput({ method = 'GET', query, params }: Route): boolean {
  return method !== 'GET' || query !== null || params !== undefined;
}
