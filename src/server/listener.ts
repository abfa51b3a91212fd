import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { addRoute } from './add-route.ts';
import type { RouteContext } from './context.ts';
import { answerOf, notFound } from './errors.ts';
import { addGuard, flagsOf, send } from './guard.ts';
import { lateSchemas } from './late-schemas.ts';
import { addPages } from './page-routes.ts';
import type { Route } from './route.ts';
import { docsDirectives, pageDirectives } from './security.ts';
import { addStream, isStreamUpgrade } from './stream/add-stream.ts';
import type { LiveStream } from './stream/live-stream.ts';

/** A rule or a position is some 500 bytes; nobody needs more to ask. */
const bodyBytesMax = 65_536;
/** The name of a topic has at most 249 letters; three bytes each where they are escaped. */
const paramLengthMax = 747;
/** Answers that are being sent may be finished; who has not taken his by then is cut off. */
const closeMsMax = 2_000;

export interface ListenerOptions {
  readonly routes: readonly Route[];
  readonly context: RouteContext;
  readonly host: string;
  readonly port: number;
  /** Whether the pages, /docs and /api/openapi.json are served. */
  readonly documented: boolean;
  /** Absent or null: there is none. Its clients are sent away before the listener closes. */
  readonly stream?: LiveStream | null;
}

export interface Listener {
  /** `http://127.0.0.1:8083`, with the port that was really taken. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Binds the address and answers. Throws an MdpError `server-failed` when it cannot. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, context, stream = null } = options;
  const app = createApp(options);
  // First: what is registered later inherits them.
  addGuard(app, context);
  addHooks(app, context);
  await registerPlugins(app, options);
  if (stream !== null) await addStream(app, context, stream);
  for (const route of options.routes) addRoute(app, route, context);
  if (options.documented) {
    addDocument(app);
    addPages(app);
  }
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const where = `The HTTP server cannot listen on ${host}, port ${port}`;
    throw new MdpError('server-failed', `${where}: ${reasonOf(error)}`, error);
  }
  const bound = app.server.address();
  const taken = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${urlHost(host)}:${taken}`,
    port: taken,
    close: async () => {
      await stream?.close();
      await close(app, context);
    },
  };
}

function createApp({ context: { settings }, stream = null }: ListenerOptions): FastifyInstance {
  const app = fastify({
    trustProxy: settings.trust_proxy.length === 0 ? false : [...settings.trust_proxy],
    logger: false, // Requests are counted; failures are logged by happenings.
    bodyLimit: bodyBytesMax,
    requestTimeout: settings.request_timeout_ms,
    handlerTimeout: settings.request_timeout_ms,
    http: {
      connectionsCheckingInterval: Math.min(settings.request_timeout_ms, 10_000),
      ...(stream === null ? {} : { shouldUpgradeCallback: isStreamUpgrade }),
    },
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: paramLengthMax },
    schemaController: { compilersFactory: lateSchemas },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, _request, reply) => {
      void send(reply, answerOf(error));
    },
  });
  // JSON only: a form or a text is what a page of another origin can send without being asked.
  app.removeContentTypeParser('text/plain');
  return app;
}

async function registerPlugins(app: FastifyInstance, { context, documented }: ListenerOptions): Promise<void> {
  const { settings } = context;
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: directives() },
    strictTransportSecurity: false, // Whoever puts TLS in front of it decides that.
    xFrameOptions: { action: 'deny' },
  });
  if (settings.allowed_origins.length > 0) {
    await app.register(cors, {
      origin: [...settings.allowed_origins], methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['X-API-Key', 'Authorization', 'Content-Type', 'If-None-Match'],
      exposedHeaders: ['ETag', 'Location', 'X-Made-From'],
      maxAge: 600, hideOptionsRoute: true,
    });
  }
  if (settings.enable_rate_limit) {
    await app.register(rateLimit, {
      max: settings.rate_limit_max, timeWindow: settings.rate_limit_window_ms,
      allowList: (request) => flagsOf(request).limited === false,
    });
  }
  app.setNotFoundHandler(
    settings.enable_rate_limit ? { preHandler: app.rateLimit() } : {}, (_request, reply) => send(reply, notFound));
  if (documented) await registerDocument(app, context);
}

async function registerDocument(app: FastifyInstance, context: RouteContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'mdp', version: context.version,
        description: 'Bars from market-data ticks, and how the pipeline that makes them is.',
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs', staticCSP: docsDirectives, uiConfig: { docExpansion: 'list', deepLinking: true },
  });
}

function directives(): Record<string, string[]> {
  return Object.fromEntries(Object.entries(pageDirectives).map(([name, sources]) => [name, [...sources]]));
}

/** The document describes and holds no data: it is open, so that /docs can show it before a key is entered. */
function addDocument(app: FastifyInstance): void {
  app.get('/api/openapi.json', { schema: { hide: true }, config: { open: true } }, () => app.swagger());
}

function addHooks(app: FastifyInstance, { events }: RouteContext): void {
  app.addHook('onSend', async (request, reply) => {
    if (!reply.hasHeader('cache-control') && flagsOf(request).open !== true) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.isStream) return;
    events.requestAnswered({
      method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
  });
  app.setErrorHandler((error, request, reply) => {
    const answer = answerOf(error);
    if (answer.status >= 500) events.requestFailed(request.routeOptions.url ?? 'none', error);
    void send(reply, answer);
  });
}

async function close(app: FastifyInstance, { clock }: RouteContext): Promise<void> {
  const closed = new AbortController();
  const cuttingOff = cutOffLater(app, clock, closed.signal);
  await app.close();
  closed.abort();
  await cuttingOff;
}

async function cutOffLater(app: FastifyInstance, clock: Clock, closed: AbortSignal): Promise<void> {
  await clock.wait(closeMsMax, closed);
  if (!closed.aborted) app.server.closeAllConnections();
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

const listenFaults: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'another program has it. Stop that one, or set PORT to a free port.'],
  ['EACCES', 'this user may not. Take a port above 1023.'],
  ['EADDRNOTAVAIL', 'this machine has no such address. Set server.host to one that it has.'],
  ['ENOTFOUND', 'there is no such host name. Set server.host to an address of this machine.'],
]);

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return listenFaults.get(code) ?? messageOf(error);
}
