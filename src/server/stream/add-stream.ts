import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Channel } from '../../model/stream.ts';
import type { RouteContext } from '../context.ts';
import { send } from '../guard.ts';
import { Type } from '../json-schema.ts';
import { errorBody } from '../data-schemas.ts';
import { BadRequest } from '../route.ts';
import { mayChange } from '../security.ts';
import { channelOf } from './channel-text.ts';
import { ClientMessages, type Check } from './client-messages.ts';
import { EventClient } from './event-client.ts';
import type { LiveStream } from './live-stream.ts';
import { SocketClient } from './socket-client.ts';
import { StreamSocket } from './stream-socket.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its answer has no end of its own: it is counted at its beginning. */
    isStream: boolean;
  }
}

const socketPath = '/api/stream';
const eventsPath = '/api/stream/events';
/** A subscription to 250 channels of 200 letters. */
const messageBytesMax = 65_536;
/** Who does not answer a close is cut off. */
const closeMsMax = 2_000;
/** Not compressed: each change is encoded once for all, and deflate keeps 300 KB for each client. */
const socketOptions = {
  WebSocket: StreamSocket as never, // The types ask for the whole library where a class of it is meant.
  maxPayload: messageBytesMax, perMessageDeflate: false, autoPong: false, closeTimeout: closeMsMax,
};

/**
 * Whether a request may leave HTTP: only a WebSocket at the path of the stream. Any other that asks for something else, as
 * curl --http2 does, gets the ordinary answer.
 */
export function isStreamUpgrade({ method, url = '', headers }: IncomingMessage): boolean {
  const path = url.split('?', 1)[0].replace(/\/$/, '');
  return method === 'GET' && path === socketPath && headers.upgrade?.toLowerCase() === 'websocket';
}

/** The live stream: as a WebSocket, and as server-sent events. */
export async function addStream(app: FastifyInstance, context: RouteContext, stream: LiveStream): Promise<void> {
  app.decorateRequest('isStream', false);
  await app.register(websocket, {
    options: socketOptions, errorHandler: (_error, socket) => socket.terminate(),
    preClose: (done) => done(), // `LiveStream.close` has seen to them.
  });
  addSocket(app, context, stream);
  addEvents(app, context, stream);
}

const refused = { description: 'What is wrong with the request.', ...errorBody };

function addSocket(app: FastifyInstance, context: RouteContext, stream: LiveStream): void {
  let messages: ClientMessages | null = null;
  app.route({
    method: 'GET', url: socketPath, config: { ticketed: true }, exposeHeadRoute: false,
    schema: {
      ...described, summary: 'The live stream, a WebSocket. docs/api.md has its messages.',
      response: {
        101: { description: 'Messages follow.', type: 'null' },
        426: { description: 'Ask for a WebSocket.', ...errorBody },
        '4xx': refused,
      },
    },
    preHandler: (request, reply, done) => {
      if (mayEnter(request, reply, { context, stream })) done();
    },
    handler: (_request, reply) => send(reply.header('upgrade', 'websocket'), upgradeRequired),
    wsHandler: (socket, request) => {
      counted(request, 101, context);
      messages ??= new ClientMessages((schema) => request.compileValidationSchema({ ...schema }) as Check);
      if (!(socket instanceof StreamSocket)) return socket.terminate();
      void new SocketClient({ socket, stream, messages, isAllowed: allowedLater(request, context) });
    },
  });
}

const eventsQuery = Type.Object({
  channel: Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 1_000 })], {
    description: 'bars:VENUE:SYMBOL:SPEC, indicators:VENUE:SYMBOL:SPEC:INDICATOR, trades:VENUE:SYMBOL, ' +
      'quotes[:VENUE[:SYMBOL]], gaps, alerts or health; may be repeated.',
  }),
  conflate_ms: Type.Optional(Type.String({ pattern: '^\\d{1,6}$', description: 'Shortest time between two updates, ms.' })),
  ticket: Type.Optional(Type.String()),
}, { additionalProperties: false });

interface EventsQuery {
  readonly channel: string | readonly string[];
  readonly conflate_ms?: string;
}

function addEvents(app: FastifyInstance, context: RouteContext, stream: LiveStream): void {
  app.route({
    method: 'GET', url: eventsPath, config: { ticketed: true }, exposeHeadRoute: false,
    schema: {
      ...described, summary: 'The live stream as server-sent events.', querystring: eventsQuery,
      response: {
        200: { description: 'Messages.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        '4xx': refused,
      },
    },
    preHandler: (request, reply, done) => {
      if (mayEnter(request, reply, { context, stream })) done();
    },
    handler: (request, reply) => {
      const { channel, conflate_ms } = request.query as EventsQuery;
      const channels = (typeof channel === 'string' ? [channel] : channel).map(channelOf);
      const conflateMs = conflate_ms === undefined ? null : Number(conflate_ms);
      begin(reply, request, { context, stream, channels, conflateMs });
    },
  });
}

interface Asked {
  readonly context: RouteContext;
  readonly stream: LiveStream;
  readonly channels: readonly Channel[];
  readonly conflateMs: number | null;
}

function begin(reply: FastifyReply, request: FastifyRequest, { context, stream, channels, conflateMs }: Asked): void {
  if (channels.length === 0) throw new BadRequest('channel', 'channel is missing.');
  counted(request, 200, context);
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no',
  });
  void new EventClient({ response: reply.raw, stream, channels, conflateMs, isAllowed: allowedLater(request, context) });
}

/** Answers in place of the route where it is false. In one turn with what follows: two cannot take the last place. */
function mayEnter(
  request: FastifyRequest, reply: FastifyReply, { context, stream }: Pick<Asked, 'context' | 'stream'>,
): boolean {
  const { keys, settings } = context;
  const { headers: { origin }, host } = request;
  if (!mayChange(origin, { host, isKeyed: keys.areAskedFor, settings })) {
    void send(reply, foreignPage);
    return false;
  }
  if (stream.isFull) {
    void send(reply.header('retry-after', '5'), streamFull);
    return false;
  }
  return true;
}

/** A stream may outlive its key: that it counts is asked again at each heartbeat. */
function allowedLater({ keyName }: FastifyRequest, { keys }: RouteContext): () => boolean {
  if (keyName === null) return () => true;
  const digest = keys.digestOf(keyName);
  return () => keys.digestOf(keyName) === digest;
}

function counted(request: FastifyRequest, status: number, { events }: RouteContext): void {
  request.isStream = true;
  events.requestAnswered({ method: request.method, route: request.routeOptions.url ?? 'none', status, seconds: 0 });
}

const described = { tags: ['data'], security: [{ key: [] }, { bearer: [] }] } as const satisfies FastifySchema;

const foreignPage = {
  status: 403, error: {
    code: 'foreign-origin',
    message: 'A page of this origin may not open the stream. Name the origin in server.allowed_origins (ALLOWED_ORIGINS).',
  },
};
const streamFull = {
  status: 503, error: {
    code: 'stream-full',
    message: 'As many clients as stream.clients_max allows are there already. Try again later, or raise it.',
  },
};
const upgradeRequired = {
  status: 426, error: {
    code: 'upgrade-required', message: 'This is a WebSocket; for curl there is /api/stream/events. docs/api.md tells both.',
  },
};
