import { afterEach, describe, expect, it } from 'vitest';
import { Type } from 'typebox';
import { systemClock } from '../../src/lifecycle.ts';
import type { RouteContext } from '../../src/server/context.ts';
import type { Call } from '../../src/server/guard.ts';
import { openListener, type Listener } from '../../src/server/listener.ts';
import { routeWithBody, routeWithParams, routeWithParamsAndBody, type Route } from '../../src/server/route.ts';
import { eventually } from '../support/eventually.ts';
import { defaultServerSettings } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

/* What every route that changes something has in common, on routes of this test's own. */

const described = { path: '/api/things', tag: 'data', open: false, limited: true, summary: 'Things.' } as const;
const thing = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 8 }),
  size: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  kind: Type.Optional(Type.Enum(['round', 'square'])),
  hook: Type.Optional(Type.Object({ url: Type.String() }, { additionalProperties: false })),
}, { additionalProperties: false });
const created = { 201: { description: 'It is stored.', body: Type.Object({ name: Type.String(), key: Type.Unknown() }) } };
const id = Type.Object({ id: Type.Integer() });

let got: unknown[] = [];
const routes: readonly Route[] = [
  routeWithBody({
    ...described, method: 'POST', body: thing, answers: created,
    answer: ({ body }, _context, { keyName }) => {
      got.push(body);
      return { status: 201, body: { name: body.name, key: keyName }, headers: { location: '/api/things/1' } };
    },
  }),
  routeWithBody({
    ...described, method: 'PUT', body: thing, answers: created,
    answer: (_asked, _context, { abort }) => new Promise((_, reject) => {
      got.push('begun');
      abort.addEventListener('abort', () => {
        got.push('told to stop');
        reject(new Error('stopped'));
      });
    }),
  }),
  routeWithParamsAndBody({
    ...described, method: 'PATCH', path: '/api/things/:id', params: id, body: Type.Partial(thing),
    answers: { 204: { description: 'It is changed.' } },
    answer: (asked) => (got.push(asked), { status: 204 }),
  }),
  routeWithParams({
    ...described, method: 'DELETE', path: '/api/things/:id', params: id, query: Type.Object({}, { additionalProperties: false }),
    answers: { 204: { description: 'It is gone.' } },
    answer: (asked, _context, { abort }) => {
      abort.throwIfAborted();
      got.push(asked);
      return { status: 204 };
    },
  }),
];

const opened: Listener[] = [];
afterEach(async () => {
  got = [];
  await Promise.all(opened.splice(0).map((listener) => listener.close()));
});

interface Opened extends Listener {
  readonly changes: Call[];
  send(method: string, path: string, sent?: { body?: string; headers?: Record<string, string> }): Promise<Response>;
}

async function open(settings: Partial<RouteContext['settings']> = {}, key: string | null = null): Promise<Opened> {
  const changes: Call[] = [];
  const context = {
    settings: { ...defaultServerSettings, ...settings }, clock: systemClock, version: '1.2.3',
    keys: { areAskedFor: key !== null, nameOf: (headers: Record<string, unknown>) => (headers['x-api-key'] === key ? 'desk' : null) },
    events: { requestAnswered: () => {}, requestFailed: () => {}, keyRefused: () => {}, changeAnswered: (call: Call) => void changes.push(call) },
  } as unknown as RouteContext;
  const listener = await openListener({ routes, context, host: '127.0.0.1', port: 0, documented: true });
  opened.push(listener);
  return {
    ...listener, changes,
    send: (method, path, { body, headers = {} } = {}) => fetch(`${listener.url}${path}`, {
      method, ...(body === undefined ? {} : { body }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    }),
  };
}

const good = JSON.stringify({ name: 'ball', size: 1 });

describe('a call that changes something', () => {
  it('that takes too long is told to stop and is 503: nobody knows what came of it', async () => {
    const server = await open({ request_timeout_ms: 100 });
    const response = await server.send('PUT', '/api/things', { body: good });
    expect([response.status, got]).toEqual([503, ['begun', 'told to stop']]);
    expect(await response.json()).toEqual({ error: {
      code: 'timeout', message: 'The database did not answer in time. Look whether it was changed before you try again.',
    } });
  });

  it('is told to stop when its client goes away', async () => {
    const server = await open();
    const client = new AbortController();
    const sent = fetch(`${server.url}/api/things`, {
      method: 'PUT', body: good, headers: { 'content-type': 'application/json' }, signal: client.signal,
    }).catch(() => null);
    await eventually(() => got.includes('begun'));
    client.abort();
    await sent;
    await eventually(() => got.includes('told to stop'));
  });

  it('is not over before it begins where it has a body that nobody asked for', async () => {
    const server = await open();
    const response = await server.send('DELETE', '/api/things/7', { body: '{}' });
    expect([response.status, got]).toEqual([204, [{ id: 7 }]]);
  });

  it('gets its body as JSON had it, and answers 201 with what it made and where that is', async () => {
    const server = await open();
    const response = await server.send('POST', '/api/things', { body: '{"name":"ball","size":null}' });
    expect([response.status, response.headers.get('location'), await response.json()]).toEqual(
      [201, '/api/things/1', { name: 'ball', key: null }]);
    expect(got).toEqual([{ name: 'ball', size: null }]);
  });

  it('answers 204 with nothing, and knows the part of the path', async () => {
    const server = await open();
    const patched = await server.send('PATCH', '/api/things/7', { body: '{"size":2}' });
    const deleted = await server.send('DELETE', '/api/things/8');
    expect([patched.status, await patched.text(), deleted.status, await deleted.text()]).toEqual([204, '', 204, '']);
    expect(got).toEqual([{ id: 7, body: { size: 2 } }, { id: 8 }]);
  });

  it.each([
    ['{"size":1}', 'name', 'name is missing.'],
    ['{"name":"","size":1}', 'name', 'name must not be empty.'],
    ['{"name":"much too long","size":1}', 'name', /8 characters/],
    ['{"name":5,"size":1}', 'name', 'name must be a text.'],
    ['{"name":"ball","size":"1"}', 'size', 'size must be a number.'],
    ['{"name":"ball","size":-1}', 'size', /must be >= 0/],
    ['{"name":"ball","size":1e999}', 'size', 'size must be a number.'],
    ['{"name":"ball","size":1,"kind":"flat"}', 'kind', 'kind must be one of round, square.'],
    ['{"name":"ball","size":1,"colour":"red"}', 'colour', /colour is not known here/],
    ['{"name":"ball","size":1,"hook":{}}', 'hook.url', 'hook.url is missing.'],
    ['{"name":"ball","size":1,"hook":{"url":"","to":1}}', 'hook.to', /hook\.to is not known/],
    ['[]', 'body', 'body must be a JSON object.'],
    ['null', 'body', 'body must be a JSON object.'],
    ['{"name":"ball",', undefined, /one JSON object/],
    ['', undefined, /one JSON object/],
    ['{"__proto__":{"name":"ball"},"size":1}', undefined, /one JSON object/],
  ])('is refused when its body is %s, with the field and what is allowed', async (body, field, says) => {
    const server = await open();
    const response = await server.send('POST', '/api/things', { body });
    const { error } = await jsonOf(response);
    expect([response.status, error.code, error.field]).toEqual([400, 'bad-request', field]);
    expect(error.message).toMatch(says);
    expect(got).toEqual([]);
  });

  it('checks the part of the path too', async () => {
    const server = await open();
    const response = await server.send('PATCH', '/api/things/seven', { body: '{"size":2}' });
    expect([response.status, (await jsonOf(response)).error.message]).toEqual([400, 'id must be a whole number.']);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', ''])(
    'is refused as %s: a page of another origin may send such without being asked', async (type) => {
      const server = await open();
      const response = await server.send('POST', '/api/things', { body: good, headers: { 'content-type': type } });
      expect([400, 415]).toContain(response.status);
      expect((await jsonOf(response)).error.code).toBe('bad-request');
      expect(got).toEqual([]);
    });

  it('ends at 64 KiB', async () => {
    const server = await open();
    const response = await server.send('POST', '/api/things', { body: JSON.stringify({ name: 'x'.repeat(70_000) }) });
    expect([response.status, (await jsonOf(response)).error.code]).toEqual([413, 'too-large']);
  });

  it('asks for the key, and is in the audit log by its name, whatever came of it', async () => {
    const server = await open({}, 'secret');
    expect((await server.send('POST', '/api/things', { body: good })).status).toBe(401);
    const response = await server.send('POST', '/api/things', { body: good, headers: { 'x-api-key': 'secret' } });
    expect([response.status, (await jsonOf(response)).key]).toEqual([201, 'desk']);
    await expect.poll(() => server.changes.map(({ key, method, path, status }) => [key, method, path, status])).toEqual([
      [null, 'POST', '/api/things', 401], ['desk', 'POST', '/api/things', 201],
    ]);
  });

  it('is described with its body, its answers and its method', async () => {
    const server = await open();
    const { paths } = await jsonOf(await fetch(`${server.url}/api/openapi.json`));
    expect(Object.keys(paths['/api/things/{id}']).sort()).toEqual(['delete', 'patch']);
    const post = paths['/api/things'].post;
    expect(post.requestBody.content['application/json'].schema.required).toEqual(['name', 'size']);
    expect(Object.keys(post.responses).sort()).toEqual(['201', '4XX']);
    expect(paths['/api/things/{id}'].delete.responses['204'].content).toBeUndefined();
  });
});

describe('a page that wants something changed', () => {
  const foreign = [
    'https://evil.example.com', 'null', 'http://127.0.0.1', 'http://127.0.0.1:1', 'file://', 'nonsense', '', 'http://localhost.evil.com',
  ];

  it.each(foreign)('is refused from %s, with a key or without', async (origin) => {
    for (const key of [null, 'secret']) {
      const server = await open({ allowed_origins: ['https://desk.example.com'] }, key);
      for (const [method, path, body] of [['POST', '/api/things', good], ['DELETE', '/api/things/1', undefined]] as const) {
        const sent = { headers: { origin, 'x-api-key': 'secret' }, ...(body === undefined ? {} : { body }) };
        const response = await server.send(method, path, sent);
        expect([response.status, (await jsonOf(response)).error.code]).toEqual([403, 'foreign-origin']);
      }
      expect(got).toEqual([]);
      await expect.poll(() => server.changes.map(({ status }) => status)).toEqual([403, 403]);
    }
  });

  it('may from its own origin, and from one that is allowed', async () => {
    const server = await open({ allowed_origins: ['https://desk.example.com'] });
    for (const origin of [server.url, server.url.replace('http:', 'https:'), 'https://desk.example.com']) {
      expect((await server.send('POST', '/api/things', { body: good, headers: { origin } })).status).toBe(201);
    }
    const asked = await server.send('OPTIONS', '/api/things', { headers: {
      origin: 'https://desk.example.com', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key',
    } });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'https://desk.example.com']);
    expect(asked.headers.get('access-control-allow-methods')).toMatch(/POST.*PUT.*PATCH.*DELETE/);
    expect(asked.headers.get('access-control-allow-headers')).toMatch(/Content-Type/);
  });
});
