import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import { noTicks, sourceOf, statusOf } from '../support/pipeline-status.ts';
import { parseExposition } from '../support/exposition.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer, TestServerOptions } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

const opened: TestServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function open(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await openTestServer(options);
  opened.push(server);
  return server;
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

async function errorOf(response: Response): Promise<Failure['error']> {
  return (await jsonOf(response)).error;
}

describe('/health', () => {
  it.each(['/health', '/api/health', '/health/'])('%s answers 200 while it is healthy or degraded', async (path) => {
    const server = await open();
    const healthy = await server.get(path);
    expect([healthy.status, (await jsonOf(healthy)).status]).toEqual([200, 'healthy']);
    server.status = statusOf({ sources: [sourceOf({ state: 'backing-off', problem: 'Lost.' })] });
    const degraded = await server.get(path);
    expect([degraded.status, (await jsonOf(degraded)).status]).toEqual([200, 'degraded']);
  });

  it('answers 503 when somebody must act, and says on what', async () => {
    const server = await open();
    server.status = statusOf({ sources: [sourceOf({ state: 'failed', problem: 'No such file: x.csv.' })] });
    const response = await server.get('/health');
    expect(response.status).toBe(503);
    const { rows }: { rows: { part: string; status: string; message: string }[] } = await jsonOf(response);
    expect(rows.find(({ status }) => status === 'unhealthy')).toMatchObject({ part: 'source', message: expect.stringContaining('x.csv') as unknown });
  });

  it('/health/live answers as long as the process does', async () => {
    const server = await open();
    server.status = statusOf({ phase: 'stopped', ticks: { ...noTicks, received: 5 } });
    expect((await server.get('/health/live')).status).toBe(200);
  });

  it.each([
    ['it starts', statusOf({ phase: 'starting' }), 503],
    ['it runs', statusOf(), 200],
    ['it drains', statusOf({ phase: 'draining' }), 503],
    ['it has stopped', statusOf({ phase: 'stopped' }), 503],
    ['a source starts', statusOf({ sources: [sourceOf({ state: 'starting' })] }), 503],
    ['a source has failed', statusOf({ sources: [sourceOf({ state: 'failed' })] }), 503],
    ['the database has not been reached', statusOf({ sink: { ...statusOf().sink, state: 'starting' } }), 503],
    ['the database went away later', statusOf({ sink: { ...statusOf().sink, state: 'open' } }), 200],
  ])('/health/ready: when %s', async (_, status, expected) => {
    const server = await open();
    server.status = status;
    const response = await server.get('/health/ready');
    expect(response.status).toBe(expected);
    expect((await jsonOf(response)).message).toMatch(/^[A-Z].*\.$/);
  });
});

describe('/metrics', () => {
  it.each(['/metrics', '/api/metrics'])('%s is Prometheus\'s text', async (path) => {
    const server = await open();
    server.status = statusOf({ sources: [sourceOf({ items: 7 })] });
    const response = await server.get(path);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parseExposition(await response.text()).value('mdp_source_items_total', { source: 'demo' })).toBe(7);
  });

  it('counts requests by pattern, whatever was asked for', async () => {
    const server = await open();
    for (const path of ['/nope', '/nope?x=1', '/health', '/api/bars']) await server.get(path);
    expect(server.answered.map(({ route, status }) => [route, status])).toEqual([
      ['none', 404], ['none', 404], ['/health', 200], ['/api/bars', 400],
    ]);
    expect(server.answered.every(({ seconds }) => seconds >= 0)).toBe(true);
  });

  it('is not there when it is switched off', async () => {
    const server = await open({ telemetry: { enable_metrics: false } });
    expect((await server.get('/metrics')).status).toBe(404);
    expect(server.metricsUrl).toBeNull();
  });
});

describe('/api/status', () => {
  it('is the status with version and digest, and holds no setting', async () => {
    const server = await open({ settings: { api_key: 'a-secret-key' } });
    const response = await server.get('/api/status', { 'x-api-key': 'a-secret-key' });
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ version: '1.2.3', configDigest: 'abc', ...server.status });
    expect(text).not.toContain('a-secret-key');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('the second listener', () => {
  it('has health and metrics and nothing else', async () => {
    const server = await open({ telemetry: { metrics_port: 0 }, settings: { port: await freePort() } });
    expect(server.metricsUrl).not.toBeNull();
    expect(server.metricsUrl).not.toContain(server.url);
    const second = server.metricsUrl!.replace('/metrics', '');
    expect(server.listening).toEqual([server.url, second]);
    for (const path of ['/health', '/health/ready', '/health/live', '/metrics']) {
      expect((await fetch(`${second}${path}`)).status).toBe(200);
    }
    for (const path of ['/', '/docs', '/api/status', '/api/bars', '/api/openapi.json']) {
      expect((await fetch(`${second}${path}`)).status).toBe(404);
    }
  });

  it('is not opened when its port is the first one\'s', async () => {
    const port = await freePort();
    const server = await open({ telemetry: { metrics_port: port }, settings: { port } });
    expect(server.listening).toEqual([server.url]);
    expect(server.metricsUrl).toBe(`${server.url}/metrics`);
  });

  it('takes the first one with it when its port is taken', async () => {
    const taken = await open();
    const port = await freePort();
    const metricsPort = Number(new URL(taken.url).port);
    await expect(openTestServer({ telemetry: { metrics_port: metricsPort }, settings: { port } }))
      .rejects.toMatchObject({ code: 'server-failed' });
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });
});

describe('opening', () => {
  it('says the port that was really taken', async () => {
    const server = await open({ settings: { port: 0 } });
    expect(Number(new URL(server.url).port)).toBeGreaterThan(0);
  });

  it('fails with what to do when the port is taken', async () => {
    const server = await open();
    const port = Number(new URL(server.url).port);
    await expect(openTestServer({ settings: { port } })).rejects.toMatchObject({
      code: 'server-failed',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1, port ${port}: another program .* set PORT`)) as unknown,
    });
  });

  it('fails with what to do when the address is not this machine\'s', async () => {
    await expect(openTestServer({ settings: { host: '203.0.113.7', allow_unauthenticated: true } }))
      .rejects.toThrow(/this machine has no such address/);
  });
});

describe('closing', () => {
  it('lets go of the port at once although clients keep their connections', async () => {
    const server = await openTestServer();
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await server.get('/health');
    await server.close();
    await ended;
    await expect(server.get('/health')).rejects.toThrow();
  });
});

describe('what cannot be answered', () => {
  it('an unknown path is 404 in the shape of every error', async () => {
    const response = await (await open()).get('/nope');
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toEqual({ code: 'not-found', message: expect.stringContaining('/docs') as unknown });
  });

  it('a database that is away is 503, and its words stay in the log', async () => {
    const server = await open({
      store: { symbols: () => Promise.reject(new MdpError('store-unavailable', 'connect ECONNREFUSED 10.1.2.3:5432')) },
    });
    const response = await server.get('/api/symbols');
    expect(response.status).toBe(503);
    expect(await errorOf(response)).toMatchObject({ code: 'store-unavailable' });
    expect(server.failed).toMatchObject([{ route: '/api/symbols', error: { message: expect.stringContaining('10.1.2.3') as unknown } }]);
  });

  it('an error of our own is 500, and its words stay in the log', async () => {
    const server = await open({ store: { symbols: () => Promise.reject(new TypeError('secret detail at /srv/mdp/x.ts')) } });
    const response = await server.get('/api/symbols');
    const text = await response.text();
    expect([response.status, text.includes('secret detail')]).toEqual([500, false]);
    expect(server.failed).toHaveLength(1);
  });

  it('a read that takes too long is 503, and is told to stop', async () => {
    let aborted = false;
    const server = await open({
      settings: { request_timeout_ms: 100 },
      store: { bars: (_, abort) => new Promise((_resolve, reject) => {
        abort.addEventListener('abort', () => {
          aborted = true;
          reject(new Error('aborted'));
        });
      }) },
    });
    const response = await server.get('/api/bars?venue=v&symbol=s&spec=1m');
    expect([response.status, (await errorOf(response)).code, aborted]).toEqual([503, 'timeout', true]);
  });

  it('a client that goes away ends its read', async () => {
    let gone = (): void => {};
    const ended = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const server = await open({
      store: { bars: (_, abort) => new Promise((_resolve, reject) => {
        abort.addEventListener('abort', () => {
          gone();
          reject(new Error('aborted'));
        });
      }) },
    });
    const leave = new AbortController();
    const asking = fetch(`${server.url}/api/bars?venue=v&symbol=s&spec=1m`, { signal: leave.signal }).catch(() => {});
    await expect.poll(() => server.store.asked.bars.length).toBe(1);
    leave.abort();
    await Promise.all([asking, ended]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s changes nothing anywhere', async (method) => {
    const server = await open();
    for (const path of ['/health', '/metrics', '/api/bars', '/api/status']) {
      expect((await fetch(`${server.url}${path}`, { method })).status).toBe(404);
    }
  });

  it('a path that is no text and a request that is none are refused, not fatal', async () => {
    const server = await open();
    const response = await server.get('/%zz');
    expect([response.status, (await errorOf(response)).code]).toEqual([400, 'bad-request']);
    expect(await raw(server, 'NONSENSE\r\n\r\n')).toContain('400 Bad Request');
    expect((await server.get('/health')).status).toBe(200);
  });
});

async function raw(server: TestServer, text: string): Promise<string> {
  const { port, hostname } = new URL(server.url);
  const socket = connect(Number(port), hostname, () => socket.end(text));
  let answer = '';
  for await (const part of socket.setEncoding('utf8')) answer += String(part);
  return answer;
}

async function freePort(): Promise<number> {
  const server = await openTestServer();
  const port = Number(new URL(server.url).port);
  await server.close();
  return port;
}
