import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { metrics } from '../src/telemetry/metrics.ts';
import { DaemonProcess } from './support/daemon.ts';
import { openTestServer } from './support/http-server.ts';
import type { TestServer, TestServerOptions } from './support/http-server.ts';
import { laneStatusOf, noTicks, sourceOf, statusOf } from './support/pipeline-status.ts';

const script = path.resolve(import.meta.dirname, '../scripts/smoke_test.sh');

interface Run {
  readonly code: number | null;
  readonly output: string;
}

async function smoke(args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const child = spawn(script, args, {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, API_KEY: '', SMOKE_TIMEOUT_S: '1', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { output += String(part); });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const openTimeMs = Date.parse('2019-10-11T00:00:00Z');

/** A server in front of a pipeline that counts a little more whenever somebody looks. */
async function working(options: TestServerOptions = {}): Promise<TestServer> {
  const bar = {
    openTimeMs, closeTimeMs: openTimeMs + 60_000, barIndex: 0, open: 1, high: 1, low: 1, close: 0.00141342, volume: 1, notional: 1,
    vwap: 1, trades: 1, buyVolume: 1, sellVolume: 0, quality: 'complete', state: 'closed', revision: 0, whole: true, filled: false,
  } as const;
  const known = {
    specs: ['1m', '5m'], lastSpec: '1m', lastPrice: 1, newestOpenTimeMs: openTimeMs, newestCloseTimeMs: openTimeMs + 60_000,
    quality: 'complete', state: 'closed', basePrice: null, baseTimeMs: null,
  } as const;
  const server = await openTestServer({
    ...options,
    store: {
      symbols: () => Promise.resolve([
        { ...known, venue: 'kraken', symbol: 'SC/EUR' }, { ...known, venue: 'big & bold', symbol: 'SC/EUR+x' },
      ]),
      bars: ({ venue, symbol }) => Promise.resolve(venue === 'big & bold' && symbol === 'SC/EUR+x' ? [bar] : []),
      ...options.store,
    },
  });
  endings.push(() => server.close());
  let looks = 1_000_000;
  const { sink } = statusOf();
  Object.defineProperty(server, 'status', {
    configurable: true,
    get: () => {
      looks += 7;
      return statusOf({
        sources: [sourceOf({ items: looks })], sink: { ...sink, batchesCommitted: looks, rowsCommitted: looks },
        lanes: [laneStatusOf({ ticksIn: looks, barsOut: looks })],
      });
    },
  });
  return server;
}

/** The same with some text of its answers replaced. */
async function behindProxy(server: TestServer, replace: (text: string) => string): Promise<string> {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await fetch(`${server.url}${request.url}`);
    response.writeHead(answer.status).end(replace(await answer.text()));
  };
  const proxy = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  endings.push(() => new Promise((resolve) => proxy.close(resolve)));
  const bound = proxy.address();
  return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
}

describe('scripts/smoke_test.sh', () => {
  it('knows every metric of the program, and no other', () => {
    const list = /^metrics='\n([^']*)'/m.exec(readFileSync(script, 'utf8'))![1].trim().split(/\s+/);
    expect(list.sort()).toEqual(metrics.map(({ name }) => name).sort());
  });

  it('finds nothing to say against a pipeline at work, one line a check', async () => {
    const { code, output } = await smoke([(await working()).url]);
    expect(output).toMatch(/ok {4}bars +big & bold SC\/EUR\+x 1m of 2019-10-11T00:00:00\.000Z closed at 0\.00141342\n/);
    for (const line of output.trimEnd().split('\n').slice(0, -1)) expect(line).toMatch(/^ok {4}\S/);
    expect([code, output.trimEnd().split('\n').at(-1)]).toEqual([0, 'The daemon works.']);
  });

  it('sends the API key', async () => {
    const server = await working({ settings: { api_key: 'a-key with spaces' } });
    expect((await smoke([server.url], { API_KEY: 'a-key with spaces' })).code).toBe(0);
  });

  const failing: readonly (readonly [what: string, says: RegExp, url: () => Promise<string>])[] = [
    ['nobody answers', /FAIL {2}answers .*000\n +look at: is the daemon running/, () => Promise.resolve('http://127.0.0.1:9')],
    ['it does not become ready', /FAIL {2}ready .*It is starting\./, async () => {
      const server = await openTestServer();
      endings.push(() => server.close());
      server.status = statusOf({ phase: 'starting' });
      return server.url;
    }],
    ['it is unhealthy', /FAIL {2}health +unhealthy \(503\)/, async () => {
      const server = await openTestServer();
      endings.push(() => server.close());
      server.status = statusOf({ ticks: { ...noTicks, received: 1 } });
      return server.url;
    }],
    ['metrics are switched off', /FAIL {2}metrics .*404\n +look at: telemetry\.enable_metrics/,
      async () => (await working({ telemetry: { enable_metrics: false } })).url],
    ['a metric is missing', /FAIL {2}metrics +missing: mdp_sink_queue_depth\n/, async () => behindProxy(await working(),
      (text) => text.replaceAll('mdp_sink_queue_depth', 'mdp_sink_queue_deep'))],
    ['a counter stands still', /FAIL {2}mdp_sink_items_committed_total +stood at 5 for 1 s\n/, async () => behindProxy(await working(),
      (text) => text.replaceAll(/^(mdp_sink_items_committed_total\{.*\}) .*$/gm, '$1 5'))],
    ['a ledger is out', /FAIL {2}ledger of rows +is out by -3\n/, async () => behindProxy(await working(),
      (text) => text.replaceAll(/^(mdp_ledger_imbalance\{ledger="rows".*\}) .*$/gm, '$1 -3'))],
    ['there are no symbols', /FAIL {2}symbols +no instrument has bars/,
      async () => (await working({ store: { symbols: () => Promise.resolve([]) } })).url],
    ['the API key is wrong', /FAIL {2}symbols +the API key is missing or wrong/,
      async () => (await working({ settings: { api_key: 'a-key' } })).url],
    ['there are no bars', /FAIL {2}bars +.* has none\n/, async () => (await working({ store: { bars: () => Promise.resolve([]) } })).url],
    ['bars cannot be read', /FAIL {2}bars +.*gave 500/,
      async () => (await working({ store: { bars: () => Promise.reject(new Error('no')) } })).url],
  ];

  it.each(failing)('ends with 1 and says where to look when %s', async (_, says, url) => {
    const { code, output } = await smoke([await url()]);
    expect(output).toMatch(says);
    expect(output).toMatch(/\n {6}look at: .+\n$/);
    expect(code).toBe(1);
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  it.skipIf(!shellcheck)('passes shellcheck (left out where that is not installed)', () => {
    expect(spawnSync('shellcheck', [script], { encoding: 'utf8' }).stdout).toBe('');
  });
});

describe('the daemon as it is started by everybody', () => {
  it('passes the smoke test and ends well', async () => {
    const daemon = new DaemonProcess({ config: readFileSync(path.resolve(import.meta.dirname, '../config.yaml'), 'utf8') });
    try {
      const { code, output } = await smoke([await daemon.ready()], { SMOKE_TIMEOUT_S: '30' });
      expect(output).toContain('The daemon works.');
      expect(code).toBe(0);
    } finally {
      expect(await daemon.stop()).toBe(0);
    }
  });
});
