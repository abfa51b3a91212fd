import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as Schema from 'typebox/schema';
import { DaemonProcess, usualFlags } from '../support/daemon.ts';
import { DocumentFuzz, randomFrom, type Call, type Document } from '../support/document-fuzz.ts';
import { eventually } from '../support/eventually.ts';
import { jsonOf } from '../support/json.ts';
import { TestSocket } from '../server/stream/stream-rig.ts';

const config = `
name: fuzzed
sources:
  - { name: demo, type: synthetic, symbols: 5, ticks_per_second: 200, seed: 7 }
bars: { specs: [1s, 1m] }
indicators: { specs: [rsi(2)@1s] }
server: { enable_rate_limit: false }
`;
const callsEach = Number(process.env['FUZZ_CALLS'] ?? 30);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** As it is written, with whatever is in it. A stream without an end is left when it has begun. */
function send(base: string, call: Call): Promise<Answer> {
  const { method, target, headers, body } = call;
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(base);
    const sent = request({ host, port, path: target, method, headers, agent, timeout: 20_000 }, (response) => {
      const status = response.statusCode ?? 0;
      const type = (response.headers['content-type'] ?? '').split(';')[0];
      if (type === 'text/event-stream') {
        response.destroy();
        resolve({ status, type, text: '' });
        return;
      }
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status, type, text: Buffer.concat(parts).toString('utf8') }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 20 s')));
    // A connection that is kept may just have been ended by the other side: what was too large is not read to its end.
    sent.on('error', (error) => (sent.reusedSocket ? resolve(send(base, call)) : reject(error)));
    sent.end(body ?? undefined);
  });
}

/** What calls leave behind for good; bars come and are kept for queries meanwhile. */
const growthBytesMax = 8 * 1_024 * 1_024;

let daemon: DaemonProcess;
let base = '';
let document: Document;
beforeAll(async () => {
  const tellHeld = new URL('../support/tell-held.ts', import.meta.url).href;
  daemon = new DaemonProcess({ config, nodeFlags: [...usualFlags, '--import', tellHeld] });
  base = (await daemon.ready()).replace(/\/health$/, '');
  document = await jsonOf(await fetch(`${base}/api/openapi.json`));
  await eventually(async () => (await jsonOf(await fetch(`${base}/api/symbols`))).symbols?.length === 5);
});
afterAll(async () => {
  agent.destroy();
  await daemon.stop();
});

/** What is wrong with an answer; null when nothing is. */
function faultOf({ path, operation }: Call, { status, type, text }: Answer): string | null {
  if (status === 431) return null; // The parser of HTTP says so, before there is a path.
  if (status >= 500 && !path.includes('health')) return `answers ${status}: ${text.slice(0, 300)}`;
  const described = operation.responses[String(status)] ?? operation.responses[`${Math.floor(status / 100)}XX`];
  if (described === undefined) return `answers ${status}, which is not described: ${text.slice(0, 300)}`;
  if (described.content === undefined) return text === '' ? null : `answers ${status} with a body`;
  const content = described.content[type];
  if (content === undefined) return `answers ${status} as "${type}", which is not described`;
  if (type !== 'application/json') return null;
  const faults = Schema.Errors(content.schema as object, JSON.parse(text))[1];
  return faults.length === 0 ? null : `answers ${status} with what its schema does not allow: ${JSON.stringify(faults[0])} in ${text.slice(0, 200)}`;
}

/** What a daemon holds for others, as it counts it itself. */
async function held(): Promise<Record<string, number>> {
  const text = await (await fetch(`${base}/metrics`)).text();
  const names = ['process_open_fds', 'nodejs_active_handles_total', 'mdp_stream_clients', 'mdp_stream_subscriptions'];
  return Object.fromEntries(names.map((name) => [name, Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1])]));
}

/** A connection that is kept alive is not given back at once: some calls' worth of them may be there. */
async function nothingIsLeft(before: Record<string, number>): Promise<void> {
  await eventually(async () => {
    const now = await held();
    return now['mdp_stream_clients'] === 0 && now['mdp_stream_subscriptions'] === 0 &&
      ['process_open_fds', 'nodejs_active_handles_total'].every((name) => now[name] <= before[name] + 4);
  });
}

const good = {
  '/api/alerts': { venue: 'synthetic', symbol: 'SYN001', spec: '1s', condition: 'volume_above', threshold: 1e12 },
  '/api/positions': { venue: 'synthetic', symbol: 'SYN001', size: 1, entry_price: 2 },
};
/** Answered as no stored thing could be: there is no Kafka here, and a stream is no answer. */
const elsewhere = new Map([['GET /api/stream', 426], ['GET /api/topics/{topic}/recent', 404], ['GET /api/kafka', 404]]);

/** Of the daemon, after a collection. */
async function heldBytes(): Promise<number> {
  const told = (): RegExpExecArray[] => [...daemon.log.matchAll(/"heldBytes":(\d+)/g)];
  const before = told().length;
  daemon.signal('SIGUSR2');
  await eventually(() => told().length > before);
  return Number(told().at(-1)![1]);
}

it('no call that the document allows to be thought of is answered with a fault of ours, or otherwise than described', async () => {
  const fuzz = new DocumentFuzz(seed);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  expect(operations.length).toBeGreaterThan(15);
  const statuses = new Map<string, Set<number>>();
  const faults = new Map<string, string>();
  const note = (key: string, status: number): unknown => statuses.set(key, (statuses.get(key) ?? new Set()).add(status));
  /** By luck alone some seeds make none, and then nothing that is there is ever changed. */
  const makeOneOfEach = async (): Promise<void> => {
    for (const [path, body] of Object.entries(good)) {
      const response = await fetch(`${base}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
      note(`POST ${path}`, response.status);
      const { id } = await jsonOf(response);
      fuzz.learn({ id });
    }
  };
  const round = async (calls: number): Promise<void> => {
    for (let n = 0; n < calls; n++) {
      await makeOneOfEach();
      for (const { path, method, operation } of operations) {
        const call = fuzz.call(path, method, operation);
        const told = `seed ${seed}: ${call.method} ${call.target} ${call.body?.slice(0, 500) ?? ''}`;
        const answer = await send(base, call).catch((error: unknown) => { throw new Error(`${told}: ${String(error)}\n${daemon.log.slice(-2_000)}`); });
        const fault = faultOf(call, answer);
        if (fault !== null && faults.size < 20) faults.set(`${call.method} ${path} ${answer.status}`, `${told} ${fault}`);
        note(`${call.method} ${path}`, answer.status);
        if (answer.status < 300 && answer.type === 'application/json') fuzz.learn(JSON.parse(answer.text));
      }
    }
  };
  // In earnest, and not only refused: the last ones are those that change what others have made.
  const unreached = (): string[] => [...statuses].filter(([key, seen]) => (
    ![...seen].some((status) => status < 300 || status === elsewhere.get(key)))).map(([key]) => key);
  await round(Math.ceil(callsEach / 4));
  const [before, heldBefore] = [await heldBytes(), await held()];
  await round(callsEach);
  for (let more = 0; more < 10 && unreached().length > 0; more++) await round(Math.ceil(callsEach / 4));
  expect([...faults.values()]).toEqual([]);
  expect(await heldBytes() - before, `seed ${seed}`).toBeLessThan(growthBytesMax);
  expect(daemon.log).not.toMatch(/"level":"?(error|50|60)/);
  await nothingIsLeft(heldBefore);
  expect(unreached(), `seed ${seed}`).toEqual([]);
  const called = [...statuses.keys()];
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
    for (const kind of ['alerts', 'positions']) expect(called.some((key) => key.startsWith(`${method} /api/${kind}`)), `${method} ${kind}`).toBe(true);
  }
  for (const key of ['POST /api/stream/tickets', 'GET /api/stream/events', 'GET /api/stream', 'GET /api/bars']) expect(called).toContain(key);
  const health = await jsonOf(await fetch(`${base}/health`));
  expect(health.status, JSON.stringify(health.rows)).not.toBe('unhealthy');
}, 60_000);

it('no message to the socket is answered with silence, or leaves anything behind', async () => {
  const next = randomFrom(seed);
  const oneOf = <T>(list: readonly T[]): T => list[next() % list.length];
  const part = (...known: string[]): unknown => oneOf([...known, ...known, ...known, 'none', '', '__proto__', 'x'.repeat(251), 'a","b', 1, null]);
  const channel = (): unknown => {
    const names = { venue: part('synthetic'), symbol: part('SYN001', 'SYN002'), spec: part('1s', '1m') };
    const { venue, symbol } = names;
    return oneOf<() => unknown>([
      () => ({ channel: 'bars', ...names }), () => ({ channel: 'indicators', ...names, indicator: part('rsi(2)') }),
      () => ({ channel: 'trades', venue, symbol }), () => ({ channel: 'quotes' }), () => ({ channel: 'quotes', venue }),
      () => ({ channel: oneOf(['gaps', 'alerts', 'health', 'orders', '']) }), () => oneOf([null, [], 'bars', 7]),
    ])();
  };
  const message = (id: number): unknown => {
    const channels = Array.from({ length: next() % 4 }, channel);
    return oneOf([
      { type: 'subscribe', id, channels }, { type: 'subscribe', id, channels }, { type: 'unsubscribe', id, channels },
      { type: 'conflate', id, ms: oneOf([0, 50, 10_000, 10_001, -1, '5']) }, { type: 'resync', id }, { type: oneOf(['sell', '', 1]), id }, oneOf([[], 'x', null]),
    ]);
  };
  const before = await held();
  const ends = new Set<string>();
  for (let round = 0; round < 40; round++) {
    const client = await TestSocket.open(base);
    for (let id = 1; id <= 25; id++) client.say(message(id));
    client.say({ type: 'conflate', id: 999, ms: 0 });
    await eventually(() => client.closed !== null || client.heard.some((told) => told.type === 'conflated' && told.id === 999));
    ends.add(client.closed?.reason ?? 'open');
    expect([null, 'too-many-refused'], `seed ${seed}`).toContain(client.closed?.reason ?? null);
    client.end();
  }
  expect([...ends].sort(), `seed ${seed}`).toEqual(['open', 'too-many-refused']);
  await nothingIsLeft(before);
  expect(daemon.log).not.toMatch(/"level":"?(error|50|60)/);
});
