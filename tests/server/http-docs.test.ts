import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreReader } from '../../src/store/reads.ts';
import { openTestServer, type TestServer } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

/* Every call that docs/http.md shows is made, and the answer that it shows has the fields of the one that comes. */

interface Example {
  readonly call: string;
  /** What the document shows behind it; null where it shows nothing. */
  readonly shown: unknown;
}

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/http.md'), 'utf8');
const blocks = [...text.matchAll(/^```(json)?\n([^]*?)^```/gm)].map(([, json, block]) => ({ isJson: json === 'json', block }));
const examples: Example[] = blocks.flatMap(({ isJson, block }, index) => {
  if (isJson || !block.startsWith('curl ')) return [];
  const next = blocks.at(index + 1);
  return [{ call: block, shown: next?.isJson === true ? JSON.parse(next.block) : null }];
});

const startMs = Date.parse('2019-10-11T00:00:00Z');
const marks = { quality: 'complete', state: 'closed', revision: 0, whole: true } as const;
const store: Partial<StoreReader> = {
  bars: () => Promise.resolve([{
    ...marks, openTimeMs: startMs, closeTimeMs: startMs + 60_000, barIndex: 0, open: 1, high: 1, low: 1, close: 1, volume: 1,
    notional: 1, vwap: 1, trades: 1, buyVolume: 1, sellVolume: 0, filled: false,
  }]),
  indicators: () => Promise.resolve([{ ...marks, openTimeMs: startMs, closeTimeMs: startMs + 60_000, barIndex: 0, value: 1 }]),
  symbols: () => Promise.resolve([{
    ...marks, venue: 'binance', symbol: 'XRPETH', specs: ['1m'], lastSpec: '1m', lastPrice: 1, newestOpenTimeMs: startMs,
    newestCloseTimeMs: startMs + 60_000, basePrice: 1, baseTimeMs: startMs,
  }]),
  gaps: () => Promise.resolve([{
    lane: 'l', venue: '', symbol: '', spec: '', fromTimeMs: startMs, untilTimeMs: startMs + 1, reason: 'restart', ticksLost: 0,
  }]),
};

/** What of curl the document uses. */
function run(base: string, call: string): Promise<Response> {
  const words = [...call.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1);
  const after = (flag: string): string | undefined => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
  const url = words.find((word) => word.startsWith('http://'))!;
  const [name, value] = (after('-H') ?? 'x: y').split(': ');
  const body = after('-d');
  return fetch(url.replace('http://127.0.0.1:8083', base), {
    method: after('-X') ?? 'GET', headers: { [name]: value }, ...(body === undefined ? {} : { body }),
  });
}

/** Names of fields, at every depth. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value === 'object' ? 'null' : '';
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === 'next' || name === 'specs' ? '' : shapeOf(one)]));
}

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ store });
});
afterAll(() => server.close());

describe('an example of docs/http.md', () => {
  it('is there for every kind of question', () => {
    const calls = examples.map(({ call }) => call).join('');
    for (const route of ['/api/bars', 'format=csv', '/api/indicators', '/api/symbols', '/api/gaps', '/api/positions']) expect(calls).toContain(route);
  });

  it.each(examples)('is answered as it says: $call', async ({ call, shown }) => {
    const response = await run(server.url, call);
    expect([200, 201]).toContain(response.status);
    if (shown === null) await response.text();
    else expect(shapeOf(await jsonOf(response))).toEqual(shapeOf(shown));
  });
});
