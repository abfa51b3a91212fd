import diagnostics from 'node:diagnostics_channel';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer, type TestServerOptions } from '../support/http-server.ts';

/*
 * Every route that the server has, by asking fastify itself: whoever adds a route or a plugin is seen here, and the list of what
 * is open has to be changed by hand.
 */

interface Walked {
  readonly method: string;
  readonly url: string;
}

interface App {
  addHook(name: 'onRoute', hook: (route: { method: string | string[]; url: string }) => void): void;
}

const key = 'correct-horse-battery';
const tabs = ['trading', 'portfolio', 'alerts', 'history', 'volume', 'pipeline'].flatMap((tab) => [`/${tab}`, `/${tab}/*`]);
const open = [
  '/', ...tabs, '/status', '/page.css', '/page.js', '/health', '/health/live', '/health/ready', '/api/health', '/metrics', '/api/metrics',
  '/api/openapi.json',
];
/** The files of the dashboard are there where it has been built. */
const isOpen = (url: string): boolean => open.includes(url) || url === '/docs' || url.startsWith('/docs/') || url === '/assets/:file';
const unlimited = ['/health', '/health/live', '/health/ready', '/api/health', '/metrics', '/api/metrics'];

async function openWalked(options: TestServerOptions): Promise<{ server: TestServer; routes: Walked[] }> {
  const found = new Map<string, Walked>();
  const watch = (message: unknown): void => {
    (message as { fastify: App }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) found.set(`${one} ${url}`, { method: one, url });
    });
  };
  diagnostics.subscribe('fastify.initialization', watch);
  try {
    return { server: await openTestServer(options), routes: [...found.values()] };
  } finally {
    diagnostics.unsubscribe('fastify.initialization', watch);
  }
}

/** A path that this route answers to. */
const pathOf = ({ url }: Walked): string => url.replaceAll(/:\w+/g, 'x').replace(/^\*$/, '/x').replace('*', 'x');

/** As it is written: what parses a URL, as fetch does, would mend it. */
function ask(server: TestServer, { method, target, headers = {} }: {
  method: string; target: string; headers?: Record<string, string>;
}): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(server.url);
    const sent = request({ host, port, path: target, method, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject).end();
  });
}

describe('every route of the server', () => {
  let server: TestServer;
  let routes: Walked[];
  beforeAll(async () => {
    ({ server, routes } = await openWalked({ settings: { api_key: key, allowed_origins: ['https://desk.example.com'] } }));
  });
  afterAll(() => server.close());

  it('is found, that of a plugin too', () => {
    const urls = routes.map(({ url }) => url);
    for (const url of [...open, '/api/status', '/api/bars', '/api/topics/:topic/recent', '/docs/json']) expect(urls).toContain(url);
    expect(new Set(routes.map(({ method }) => method))).toEqual(new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PATCH', 'DELETE']));
  });

  it('asks for the key, but health, metrics, and files that hold no data', async () => {
    const answered: string[] = [];
    for (const route of routes) {
      if (route.method === 'OPTIONS') continue;
      const { status } = await ask(server, { method: route.method, target: pathOf(route) });
      if (status !== 401) answered.push(route.url);
    }
    expect(answered.filter((url) => !isOpen(url))).toEqual([]);
    expect(new Set(open).difference(new Set(answered))).toEqual(new Set());
  });

  it('lets nobody in by another method, another spelling or a trailing dot', async () => {
    const ways = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method) =>
      ['/api/status', '/api/bars'].map((target) => ({ method, target })));
    const spellings = [
      '/api/status/', '//api/status', '/API/status', '/api/%73tatus', '/api//status', '/./api/status', '/docs/../api/status',
      '/health/../api/status', '/api/status;x', '/docs/%2e%2e/api/status', '/docs%2f..%2fapi/status',
    ].map((target) => ({ method: 'GET', target }));
    for (const way of [...ways, ...spellings]) {
      const { status } = await ask(server, way);
      expect([400, 401, 404], `${way.method} ${way.target}`).toContain(status);
    }
  });

  it('has the headers that keep a browser from guessing, framing and loading from elsewhere', async () => {
    for (const route of routes) {
      for (const headers of [{}, { 'x-api-key': key }]) {
        const answer = await ask(server, { method: route.method, target: pathOf(route), headers });
        const what = `${route.method} ${route.url}`;
        expect(answer.headers['x-content-type-options'], what).toBe('nosniff');
        expect(answer.headers['x-frame-options'], what).toMatch(/DENY|SAMEORIGIN/);
        expect(answer.headers['content-security-policy'], what).toMatch(/default-src 'none'/);
      }
    }
  });

  it('tells another origin nothing about itself, with the key or without', async () => {
    for (const route of routes) {
      const headers = { origin: 'https://evil.example.com', 'x-api-key': key };
      const answer = await ask(server, { method: route.method, target: pathOf(route), headers });
      const allowed = answer.headers['access-control-allow-origin'];
      expect(allowed ?? 'none', `${route.method} ${route.url}`).not.toMatch(/evil|\*/);
    }
  });
});

describe('every route where no key is asked for', () => {
  const reached = async (settings: NonNullable<TestServerOptions['settings']>, host: string): Promise<string[]> => {
    const { server, routes } = await openWalked({ settings });
    try {
      const urls: string[] = [];
      for (const route of routes) {
        if (route.method === 'OPTIONS') continue;
        const { status } = await ask(server, { method: route.method, target: pathOf(route), headers: { host } });
        if (status !== 403) urls.push(route.url);
      }
      return urls;
    } finally {
      await server.close();
    }
  };

  it('refuses who asks by a name that somebody has pointed here, but for what is open anyway', async () => {
    for (const host of ['rebound.example.com:8083', '127.0.0.1.example.com', 'localhost.example.com', 'not a host']) {
      const urls = await reached({}, host);
      expect(urls.filter((url) => !isOpen(url)), host).toEqual([]);
      expect(urls).toContain('/health');
    }
  });

  it('answers by an address, as localhost, as server.host and by the names of server.allowed_hosts', async () => {
    for (const host of ['127.0.0.1:8083', '[::1]:8083', '10.1.2.3', 'localhost', 'LOCALHOST:1', 'desk.example.com:8083', 'Bars.example.com']) {
      const urls = await reached({ allowed_hosts: ['desk.example.com', 'Bars.example.com'] }, host);
      for (const url of ['/api/status', '/api/bars', '/api/positions']) expect(urls, host).toContain(url);
    }
    expect(await reached({ host: 'localhost' }, 'localhost:8083')).toContain('/api/status');
  });

  it('says what to do, and believes no page that claims to be a proxy', async () => {
    const { server } = await openWalked({ settings: { trust_proxy: ['127.0.0.1'] } });
    try {
      const { status, headers } = await ask(server, {
        method: 'GET', target: '/api/status', headers: { host: 'rebound.example.com', 'x-forwarded-host': 'localhost' },
      });
      expect([status, headers['content-type']]).toEqual([403, 'application/json; charset=utf-8']);
      const forwarded = await server.get('/api/status', { 'x-forwarded-host': 'rebound.example.com' });
      expect(forwarded.status).toBe(403);
      expect(await forwarded.json()).toMatchObject({
        error: { code: 'foreign-host', message: expect.stringMatching(/server\.allowed_hosts \(ALLOWED_HOSTS\).*API_KEY/) as unknown },
      });
    } finally {
      await server.close();
    }
  });

  it('is not asked by its name where there is a key: that is what a page cannot have', async () => {
    const { server } = await openWalked({ settings: { api_key: key } });
    try {
      const headers = { host: 'desk.example.com', 'x-api-key': key };
      expect((await ask(server, { method: 'GET', target: '/api/status', headers })).status).toBe(200);
    } finally {
      await server.close();
    }
  });
});

describe('every route behind the rate limit', () => {
  it('answers 429 after too many calls, but those for monitors', async () => {
    const { server, routes } = await openWalked({ settings: { enable_rate_limit: true, rate_limit_max: 1 } });
    try {
      await ask(server, { method: 'GET', target: '/api/status' });
      const free: string[] = [];
      for (const route of routes) {
        if ((await ask(server, { method: route.method, target: pathOf(route) })).status !== 429) free.push(route.url);
      }
      expect(new Set(free)).toEqual(new Set(unlimited));
    } finally {
      await server.close();
    }
  });
});
