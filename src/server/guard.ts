import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RouteContext } from './context.ts';
import { foreignHost, foreignOrigin, unauthorized } from './errors.ts';
import type { ErrorAnswer } from './errors.ts';
import { isOwnHost, mayChange } from './security.ts';
import type { Tickets } from './stream/tickets.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    open?: boolean;
    limited?: boolean;
    /** A ticket in the query lets in as the key does that it was given for. */
    ticketed?: boolean;
  }
  interface FastifyRequest {
    /** Of the key that it came with; null where none was asked for, or none was right. */
    keyName: string | null;
  }
}

/** Who called what; behind a trusted proxy the address is that of the client. */
export interface Call {
  readonly key: string | null;
  readonly address: string;
  readonly method: string;
  /** Without its query, and cut: a client writes what it likes. */
  readonly path: string;
  readonly status: number;
}

/** Past tense. */
export interface GuardEvents {
  /** A key was asked for, and none or a wrong one came. */
  keyRefused(call: Call): void;
  /** Somebody wanted something changed; the status says what came of it. */
  changeAnswered(call: Call): void;
}

const pathLengthMax = 200;
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Asks for the key, at every route that does not say that it is open, and at paths that are none; where there is none to
 * ask for, only who asks by a name of ours gets there. And refuses changes that a page of an origin wants that is not
 * allowed to.
 */
export function addGuard(app: FastifyInstance, { keys, tickets, events, settings }: RouteContext): void {
  app.decorateRequest('keyName', null);
  // After every onRequest hook: the rate limit also slows down who guesses keys.
  app.addHook('preParsing', async (request, reply) => {
    if (!keys.areAskedFor) {
      if (flagsOf(request).open !== true && !isAskedByOwnName(request, settings)) await send(reply, foreignHost);
      return;
    }
    request.keyName = keys.nameOf(request.headers) ?? keyOfTicket(request, tickets);
    if (request.keyName !== null || flagsOf(request).open === true) return;
    await send(reply.header('www-authenticate', 'Bearer'), unauthorized);
    events.keyRefused(callOf(request, reply));
  });
  app.addHook('preParsing', async (request, reply) => {
    if (reading.has(request.method)) return;
    const { headers: { origin }, host } = request;
    if (!mayChange(origin, { host, isKeyed: keys.areAskedFor, settings })) await send(reply, foreignOrigin);
  });
  // What the rate limit turned away is counted with all requests: a flood of calls must not be a flood of lines.
  app.addHook('onResponse', async (request, reply) => {
    if (reading.has(request.method) || reply.statusCode === 429) return;
    events.changeAnswered(callOf(request, reply));
  });
}

/** What a route was declared with; of a path that is none, nothing. */
export function flagsOf(request: FastifyRequest): Pick<FastifyContextConfig, 'open' | 'limited' | 'ticketed'> {
  const { config, url } = request.routeOptions;
  return url?.startsWith('/docs') === true ? { open: true } : config;
}

/** What a proxy that is trusted says, and what this server was asked by: a page can write the former. */
function isAskedByOwnName({ host, headers }: FastifyRequest, settings: RouteContext['settings']): boolean {
  return isOwnHost(host, settings) && isOwnHost(headers.host ?? '', settings);
}

function keyOfTicket(request: FastifyRequest, tickets: Tickets): string | null {
  const { query } = request;
  if (flagsOf(request).ticketed !== true || typeof query !== 'object' || query === null || !('ticket' in query)) return null;
  return tickets.take(query.ticket)?.keyName ?? null;
}

export function send(reply: FastifyReply, { status, error }: ErrorAnswer): FastifyReply {
  return reply.status(status).type('application/json; charset=utf-8').serializer(JSON.stringify).send({ error });
}

function callOf(request: FastifyRequest, reply: FastifyReply): Call {
  const { keyName: key, ip: address, method, url } = request;
  return { key, address, method, path: url.split('?', 1)[0].slice(0, pathLengthMax), status: reply.statusCode };
}
