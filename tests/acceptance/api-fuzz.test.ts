import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as Schema from 'typebox/schema';
import { DaemonProcess } from '../support/daemon.ts';
import { DocumentFuzz, type Call, type Document } from '../support/document-fuzz.ts';
import { eventually } from '../support/eventually.ts';
import { jsonOf } from '../support/json.ts';

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

let daemon: DaemonProcess;
let base = '';
let document: Document;
beforeAll(async () => {
  daemon = new DaemonProcess({ config });
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

it('no call that the document allows to be thought of is answered with a fault of ours, or otherwise than described', async () => {
  const fuzz = new DocumentFuzz(seed);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  expect(operations.length).toBeGreaterThan(15);
  const statuses = new Map<string, Set<number>>();
  const faults = new Map<string, string>();
  const round = async (calls: number): Promise<void> => {
    for (let n = 0; n < calls; n++) {
      for (const { path, method, operation } of operations) {
        const call = fuzz.call(path, method, operation);
        const told = `seed ${seed}: ${call.method} ${call.target} ${call.body?.slice(0, 500) ?? ''}`;
        const answer = await send(base, call).catch((error: unknown) => { throw new Error(`${told}: ${String(error)}\n${daemon.log.slice(-2_000)}`); });
        const fault = faultOf(call, answer);
        if (fault !== null && faults.size < 20) faults.set(`${call.method} ${path} ${answer.status}`, `${told} ${fault}`);
        const key = `${call.method} ${path}`;
        statuses.set(key, (statuses.get(key) ?? new Set()).add(answer.status));
        if (answer.status < 300 && answer.type === 'application/json') fuzz.learn(JSON.parse(answer.text));
      }
    }
  };
  await round(Math.ceil(callsEach / 4));
  const before = daemon.residentMemory();
  await round(callsEach);
  expect([...faults.values()]).toEqual([]);
  // A collector that has not run yet may hold some answers of 3 MB.
  expect(daemon.residentMemory() - before, `seed ${seed}`).toBeLessThan(96 * 1_024 * 1_024);
  expect(daemon.log).not.toMatch(/"level":"?(error|50|60)/);
  // Each was reached in earnest, not only refused.
  const reads = [...statuses].filter(([key]) => key.startsWith('GET '));
  for (const [key, seen] of reads) expect([...seen].some((status) => status < 300 || [404, 426].includes(status)), `seed ${seed}: ${key}`).toBe(true);
  expect([...statuses.values()].some((seen) => seen.has(201)), `seed ${seed}`).toBe(true);
  const health = await jsonOf(await fetch(`${base}/health`));
  expect(health.status, JSON.stringify(health.rows)).not.toBe('unhealthy');
}, 60_000);
