import { afterEach, describe, expect, it } from 'vitest';
import { exposureFault, mayChange } from '../../src/server/security.ts';
import { isLoopback } from '../../src/server/settings.ts';
import { openTestServer, defaultServerSettings } from '../support/http-server.ts';
import type { TestServer, TestServerOptions } from '../support/http-server.ts';

const opened: TestServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function open(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await openTestServer(options);
  opened.push(server);
  return server;
}

const key = 'correct-horse-battery';
const bars = '/api/bars?venue=v&symbol=s&spec=1m';
const free = [
  '/health', '/health/live', '/health/ready', '/metrics', '/api/health', '/api/metrics', '/', '/trading/v/s/1m', '/status', '/page.css',
  '/page.js', '/docs',
  '/docs/static/swagger-ui.css', '/docs/json', '/api/openapi.json',
];
const guarded = [bars, '/api/symbols', '/api/gaps', '/api/status', '/api/nothing', '/nothing'];
const expectedWithKey = (path: string): number => (path.endsWith('nothing') ? 404 : 200);

describe('the API key', () => {
  it.each(free)('is not asked for at %s', async (path) => {
    expect((await (await open({ settings: { api_key: key } })).get(path)).status).toBe(200);
  });

  it.each(guarded)('is asked for at %s', async (path) => {
    const server = await open({ settings: { api_key: key } });
    const status = async (headers: Record<string, string>): Promise<number> => (await server.get(path, headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ 'x-api-key': key })).toBe(expectedWithKey(path));
    expect(await status({ authorization: `Bearer ${key}` })).toBe(expectedWithKey(path));
    expect(await status({ authorization: `bearer  ${key}` })).toBe(expectedWithKey(path));
    for (const wrong of [
      { 'x-api-key': '' }, { 'x-api-key': `${key}x` }, { 'x-api-key': key.slice(0, -1) }, { 'x-api-key': key.toUpperCase() },
      { authorization: key }, { authorization: `Basic ${key}` }, { authorization: 'Bearer' }, { cookie: `x-api-key=${key}` },
    ]) expect(await status(wrong as Record<string, string>)).toBe(401);
    expect((await server.get(`${path}${path.includes('?') ? '&' : '?'}api_key=${key}`)).status).toBe(401);
  });

  it('that is wrong gets an answer that says how to send it, and asks nothing of the database', async () => {
    const server = await open({ settings: { api_key: key } });
    const response = await server.get(bars, { 'x-api-key': 'wrong' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toEqual({
      error: { code: 'unauthorized', message: expect.stringContaining('X-API-Key') as unknown },
    });
    expect(server.store.asked.bars).toEqual([]);
  });

  it('is also asked for by HEAD', async () => {
    const server = await open({ settings: { api_key: key } });
    expect((await fetch(`${server.url}/api/status`, { method: 'HEAD' })).status).toBe(401);
    expect((await fetch(`${server.url}/api/status`, { method: 'HEAD', headers: { 'x-api-key': key } })).status).toBe(200);
  });

  it.each(guarded)('is not asked for at %s where there is none', async (path) => {
    for (const none of [null, '']) {
      expect((await (await open({ settings: { api_key: none } })).get(path)).status).toBe(expectedWithKey(path));
    }
  });
});

describe('an address that others can reach', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])('is not %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', 'example.com', '128.0.0.1', '127.0.0.1.example.com', ''])('is %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it('is refused without a key, with what to do', async () => {
    for (const api_key of [null, '']) {
      await expect(openTestServer({ settings: { host: '0.0.0.0', api_key } })).rejects.toMatchObject({
        code: 'server-failed', message: expect.stringMatching(/0\.0\.0\.0.*API_KEY.*allow_unauthenticated/) as unknown,
      });
    }
  });

  it('is bound with a key, or when told so', async () => {
    expect(exposureFault({ ...defaultServerSettings, host: '0.0.0.0', api_key: key })).toBeNull();
    const server = await open({ settings: { host: '0.0.0.0', allow_unauthenticated: true } });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await server.get('/api/status')).status).toBe(200);
  });
});

describe('the rate limit', () => {
  const settings = { enable_rate_limit: true, rate_limit_max: 3, rate_limit_window_ms: 60_000 };

  it('answers 429 and when to come back, to guesses of the key as well', async () => {
    const server = await open({ settings: { ...settings, api_key: key } });
    const statuses: number[] = [];
    for (let request = 0; request < 4; request++) statuses.push((await server.get('/api/status', { 'x-api-key': `guess ${request}` })).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const response = await server.get('/api/status', { 'x-api-key': key });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: 'too-many-requests' } });
  });

  it('counts paths that are none', async () => {
    const server = await open({ settings });
    for (let request = 0; request < 3; request++) expect((await server.get(`/nothing/${request}`)).status).toBe(404);
    expect((await server.get('/nothing')).status).toBe(429);
  });

  it('never stands before monitors', async () => {
    const server = await open({ settings });
    for (let round = 0; round < 5; round++) {
      for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/api/health', '/api/metrics']) {
        expect((await server.get(path)).status).toBe(200);
      }
    }
  });

  it('is not there when it is switched off', async () => {
    const server = await open({ settings: { ...settings, enable_rate_limit: false } });
    for (let request = 0; request < 10; request++) expect((await server.get('/api/status')).status).toBe(200);
  });
});

describe('pages of other origins', () => {
  const desk = 'https://desk.example.com';
  const preflight = (server: TestServer, origin: string): Promise<Response> => fetch(`${server.url}${bars}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-api-key' },
  });

  it('may call when they are allowed; the preflight needs no key', async () => {
    const server = await open({ settings: { allowed_origins: [desk], api_key: key } });
    const asked = await preflight(server, desk);
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, desk]);
    expect(asked.headers.get('access-control-allow-headers')).toContain('X-API-Key');
    const answered = await server.get(bars, { origin: desk, 'x-api-key': key });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([200, desk]);
    expect(answered.headers.get('vary')).toContain('Origin');
    expect(answered.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each(['https://evil.example.com', 'https://desk.example.com.evil.com', 'http://desk.example.com', 'null'])('may not be %s', async (origin) => {
    const server = await open({ settings: { allowed_origins: [desk] } });
    expect((await preflight(server, origin)).headers.get('access-control-allow-origin')).toBeNull();
    expect((await server.get(bars, { origin })).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('may not call when none is allowed', async () => {
    const server = await open();
    const response = await server.get(bars, { origin: desk });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await preflight(server, desk)).status).toBe(404);
  });
});

describe('the headers', () => {
  it.each(['/', '/health', '/metrics', '/api/status', '/docs', '/nothing'])('of %s keep a browser from guessing, framing and loading from elsewhere', async (path) => {
    const { headers } = await (await open()).get(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
  });
});

describe('what a client sends', () => {
  it('is limited in size', async () => {
    const server = await open();
    expect((await server.get(`/api/bars?x=${'x'.repeat(20_000)}`)).status).toBe(431);
  });

  it('does not reach prototypes', async () => {
    const server = await open();
    for (const name of ['__proto__', 'constructor', 'prototype', '__proto__[polluted]']) {
      expect((await server.get(`${bars}&${encodeURIComponent(name)}=1`)).status).toBe(400);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a page that asks for our own host', () => {
  const settings = { allowed_origins: [], allowed_hosts: [], host: '127.0.0.1' };

  it.each([
    ['https://mdp.example.com', 'mdp.example.com', true], ['https://mdp.example.com', 'mdp.example.com:443', true],
    ['http://mdp.example.com', 'MDP.example.com:80', true], ['https://mdp.example.com:8443', 'mdp.example.com', false],
    ['http://localhost:8083', 'localhost:8083', true], ['http://[::1]:8083', '[::1]:8083', true],
    ['http://localhost:8083', '127.0.0.1:8083', false], ['http://10.0.0.1:8083', '10.0.0.1:8083', true],
  ])('from %s at %s may change something where a key is asked for: %s', (origin, host, may) => {
    expect(mayChange(origin, { host, isKeyed: true, settings })).toBe(may);
  });

  it('may not by a name that anybody could let point here, where no key is asked for', () => {
    const rebound = { host: 'rebound.example.com:8083', isKeyed: false, settings };
    expect(mayChange('http://rebound.example.com:8083', rebound)).toBe(false);
    expect(mayChange('http://rebound.example.com:8083', { ...rebound, settings: { ...settings, host: 'rebound.example.com' } })).toBe(true);
    expect(mayChange('http://rebound.example.com:8083', { ...rebound, settings: { ...settings, allowed_hosts: ['rebound.example.com'] } })).toBe(true);
    expect(mayChange('http://127.0.0.1:8083', { ...rebound, host: '127.0.0.1:8083' })).toBe(true);
    expect(mayChange('http://localhost:8083', { ...rebound, host: 'localhost:8083' })).toBe(true);
    expect(mayChange('http://[::1]:8083', { ...rebound, host: '[::1]:8083' })).toBe(true);
  });
});
