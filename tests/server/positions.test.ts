import { afterEach, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer, type TestServerOptions } from '../support/http-server.ts';
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

const send = (server: TestServer, method: string, path: string, body?: unknown): Promise<Response> => fetch(`${server.url}${path}`, {
  method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});
const held = { venue: 'binance', symbol: 'XRPETH', size: 2, entry_price: 0.2, entry_time: '2026-01-05T12:00:00+01:00', note: 'a try' };

describe('/api/positions', () => {
  it('writes one down, shows it, changes it, removes it', async () => {
    const server = await open();
    const created = await send(server, 'POST', '/api/positions', held);
    const position = await jsonOf(created);
    expect([created.status, created.headers.get('location')]).toEqual([201, `positions/${position.id}`]);
    expect(position).toMatchObject({ ...held, entry_time: '2026-01-05T11:00:00.000Z', revision: 0 });
    const path = `/api/positions/${position.id}`;
    expect(await jsonOf(await server.get(path))).toEqual(position);
    expect(await jsonOf(await server.get('/api/positions'))).toEqual({ positions: [position], positions_max: 1_000 });

    const changed = await send(server, 'PATCH', path, { size: -1, revision: 0 });
    expect([changed.status, await changed.json()]).toEqual([200, expect.objectContaining({ size: -1, note: 'a try', revision: 1 })]);
    expect((await send(server, 'DELETE', path)).status).toBe(204);
    expect((await server.get(path)).status).toBe(404);
  });

  it('takes now for the time of entry, and no note', async () => {
    const server = await open();
    const before = Date.now();
    const { entry_time, created_at, note } = await jsonOf(await send(server, 'POST', '/api/positions', { venue: 'v', symbol: 's', size: 1, entry_price: -3 }));
    expect([entry_time, note]).toEqual([created_at, '']);
    expect(Date.parse(entry_time)).toBeGreaterThanOrEqual(before);
  });

  it('a client that asks twice with one id has one position', async () => {
    const server = await open();
    const id = '0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10';
    expect((await send(server, 'POST', '/api/positions', { ...held, id })).status).toBe(201);
    const again = await send(server, 'POST', '/api/positions', { ...held, id });
    expect([again.status, (await jsonOf(again)).error]).toEqual([409, expect.objectContaining({ code: 'conflict', field: 'id' })]);
  });

  it('who changes what somebody else has changed meanwhile is told', async () => {
    const server = await open();
    const { id } = await jsonOf(await send(server, 'POST', '/api/positions', held));
    await send(server, 'PATCH', `/api/positions/${id}`, { size: 3 });
    const late = await send(server, 'PATCH', `/api/positions/${id}`, { size: 4, revision: 0 });
    expect([late.status, (await jsonOf(late)).error.code]).toEqual([409, 'conflict']);
    expect((await jsonOf(await server.get(`/api/positions/${id}`))).size).toBe(3);
  });

  it.each([
    [{ ...held, size: 0 }, 'size', /remove the position/],
    [{ ...held, size: '2' }, 'size', /a number/],
    [{ ...held, size: 1e300 }, 'size', /<= 1000000000000000/],
    [{ ...held, entry_price: null }, 'entry_price', /a number/],
    [{ ...held, entry_time: 'soon' }, 'entry_time', /ISO 8601/],
    [{ ...held, symbol: 'a\u0000b' }, 'symbol', /nul/],
    [{ ...held, note: '\u0000' }, 'note', /nul/],
    [{ ...held, note: 'x'.repeat(1_001) }, 'note', /1000/],
    [{ ...held, id: 'mine' }, 'id', /UUID/],
    [{ ...held, colour: 'red' }, 'colour', /not known/],
    [{ venue: 'v' }, 'symbol', /missing/],
  ])('%j is refused with its field and what is allowed', async (body, field, says) => {
    const server = await open();
    const response = await send(server, 'POST', '/api/positions', body);
    const { error } = await jsonOf(response);
    expect([response.status, error.code, error.field]).toEqual([400, 'bad-request', field]);
    expect(error.message).toMatch(says);
    expect((await jsonOf(await server.get('/api/positions'))).positions).toEqual([]);
  });

  it.each(['GET', 'PATCH', 'DELETE'])('%s of one that is not there is 404, of what is no id 400', async (method) => {
    const server = await open();
    const body = method === 'PATCH' ? {} : undefined;
    const none = await send(server, method, '/api/positions/0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10', body);
    expect([none.status, (await jsonOf(none)).error.code]).toEqual([404, 'not-found']);
    const noId = await send(server, method, '/api/positions/1%20OR%201=1', body);
    expect([noId.status, (await jsonOf(noId)).error.field]).toEqual([400, 'id']);
  });

  it('are for those who have the key', async () => {
    const server = await open({ settings: { api_key: 'correct-horse-battery' } });
    for (const method of ['GET', 'POST']) expect((await send(server, method, '/api/positions', method === 'GET' ? undefined : held)).status).toBe(401);
  });
});
