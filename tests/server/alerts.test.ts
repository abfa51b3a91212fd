import { afterEach, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

const opened: TestServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function open(): Promise<TestServer> {
  const server = await openTestServer();
  opened.push(server);
  return server;
}

const send = (server: TestServer, method: string, path: string, body?: unknown): Promise<Response> => fetch(`${server.url}${path}`, {
  method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});
const above = { venue: 'binance', symbol: 'XRPETH', spec: '1m', condition: 'price_above', threshold: 0.2 };
const refused = async (server: TestServer, body: object): Promise<unknown> => {
  const answer = await send(server, 'POST', '/api/alerts', body);
  const { error } = await jsonOf(answer);
  return { status: answer.status, field: error.field, message: error.message };
};

describe('/api/alerts', () => {
  it('makes a rule, shows it, changes it, mutes it, removes it', async () => {
    const server = await open();
    const created = await send(server, 'POST', '/api/alerts', { ...above, expires_at: '2026-01-05T12:00:00+01:00', note: 'a try' });
    const rule = await jsonOf(created);
    expect([created.status, created.headers.get('location')]).toEqual([201, `alerts/${rule.id}`]);
    expect(rule).toMatchObject({
      ...above, indicator: null, expires_at: '2026-01-05T11:00:00.000Z', note: 'a try', muted: false, version: 1, state: 'active',
      valid_from: null, last: null, words: 'price of XRPETH above 0.2 (1m)',
    });
    const path = `/api/alerts/${rule.id}`;
    expect(await jsonOf(await server.get(path))).toEqual(rule);
    expect(await jsonOf(await server.get('/api/alerts'))).toEqual({ rules: [rule], rules_max: 10 });

    const changed = await jsonOf(await send(server, 'PATCH', path, { threshold: 0.3, version: 1 }));
    expect(changed).toMatchObject({ threshold: 0.3, version: 2, expires_at: '2026-01-05T11:00:00.000Z', note: 'a try' });
    expect(await jsonOf(await send(server, 'PATCH', path, { muted: true }))).toMatchObject({ state: 'muted', threshold: 0.3 });
    expect(await jsonOf(await server.get('/api/alerts?state=active'))).toMatchObject({ rules: [] });
    expect((await jsonOf(await server.get('/api/alerts?state=muted'))).rules).toHaveLength(1);
    expect(await jsonOf(await send(server, 'PATCH', path, { condition: 'crosses_indicator', indicator: 'SMA( 20 )', expires_at: null })))
      .toMatchObject({ condition: 'crosses_indicator', indicator: 'sma(20)', threshold: null, expires_at: null });
    expect((await send(server, 'DELETE', path)).status).toBe(204);
    expect((await server.get(path)).status).toBe(404);
    expect((await send(server, 'PATCH', path, { muted: true })).status).toBe(404);
    expect((await send(server, 'DELETE', path)).status).toBe(404);
  });

  it('names the field and what is allowed there', async () => {
    const server = await open();
    expect(await refused(server, { ...above, spec: '7m' })).toEqual({ status: 400, field: 'spec', message: 'spec: bars of 7m are not made here; write one of 1s, 1m.' });
    expect(await refused(server, { ...above, spec: 'nonsense' })).toMatchObject({ status: 400, field: 'spec' });
    expect(await refused(server, { ...above, condition: 'sometimes' })).toMatchObject({ status: 400, field: 'condition', message: expect.stringContaining('price_below') });
    expect(await refused(server, { ...above, threshold: undefined })).toEqual({ status: 400, field: 'threshold', message: 'threshold: price_above needs a number.' });
    expect(await refused(server, { ...above, threshold: '5' })).toMatchObject({ status: 400, field: 'threshold' });
    expect(await refused(server, { ...above, indicator: 'sma(20)' })).toMatchObject({ status: 400, field: 'indicator' });
    expect(await refused(server, { ...above, condition: 'volume_above', threshold: -1 })).toMatchObject({ status: 400, field: 'threshold' });
    const crossing = { ...above, condition: 'crosses_indicator', threshold: undefined };
    expect(await refused(server, { ...crossing, indicator: 'ema(9)' })).toEqual({ status: 400, field: 'indicator', message: 'indicator: write a line that is computed on bars of 1m: sma(20).' });
    expect(await refused(server, { ...crossing, spec: '1s', indicator: 'sma(20)' })).toMatchObject({ status: 400, field: 'indicator', message: expect.stringContaining('indicators.specs') });
    expect(await refused(server, { ...crossing, indicator: 'sma(20)', threshold: 1 })).toMatchObject({ status: 400, field: 'threshold' });
    expect(await refused(server, { ...above, expires_at: 'tomorrow' })).toMatchObject({ status: 400, field: 'expires_at' });
    expect(await refused(server, { ...above, colour: 'red' })).toMatchObject({ status: 400, field: 'colour' });
    expect(await refused(server, { ...above, venue: 'a\0b' })).toMatchObject({ status: 400, field: 'venue' });
  });

  it('has room for as many rules as it says, and one of each id', async () => {
    const server = await open();
    const id = '0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10';
    expect((await send(server, 'POST', '/api/alerts', { ...above, id })).status).toBe(201);
    expect(await refused(server, { ...above, id })).toMatchObject({ status: 409, field: 'id' });
    for (let rule = 1; rule < 10; rule++) await send(server, 'POST', '/api/alerts', above);
    expect(await refused(server, above)).toMatchObject({ status: 409, field: undefined, message: expect.stringContaining('10 rules') });
  });

  it('who changes what somebody else has changed meanwhile is told', async () => {
    const server = await open();
    const { id } = await jsonOf(await send(server, 'POST', '/api/alerts', above));
    await send(server, 'PATCH', `/api/alerts/${id}`, { threshold: 3 });
    expect((await send(server, 'PATCH', `/api/alerts/${id}`, { threshold: 4, version: 1 })).status).toBe(409);
  });

  it.each(['', 'x', '1_2_3_4_5', '1_../../etc_1_1_1', '9999999999999999_0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10_1_1_1'])(
    'a cursor that is none (%s) is refused', async (cursor) => {
      const server = await open();
      expect((await server.get(`/api/alerts/history?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400);
    });

  it('has a history of all rules and of one', async () => {
    const server = await open();
    expect(await jsonOf(await server.get('/api/alerts/history?limit=5'))).toEqual({ alerts: [], next: null });
    expect(await jsonOf(await server.get('/api/alerts/0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10/history'))).toEqual({ alerts: [], next: null });
    expect((await server.get('/api/alerts/nothing/history')).status).toBe(400);
  });
});
