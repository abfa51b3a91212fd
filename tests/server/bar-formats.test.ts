import { parse } from 'csv-parse/sync';
import { request, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { BarQuery, StoredBar, StoreReader } from '../../src/store/reads.ts';
import { openTestServer, type TestServer, type TestServerOptions } from '../support/http-server.ts';
import { eventually } from '../support/eventually.ts';
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

const startMs = Date.parse('2019-10-11T00:00:00Z');
const minuteMs = 60_000;
const path = '/api/bars?venue=binance&symbol=XRPETH&spec=1m';

function barAt(n: number): StoredBar {
  return {
    openTimeMs: startMs + n * minuteMs, closeTimeMs: startMs + (n + 1) * minuteMs, barIndex: 0, open: 0.1 + 0.2, high: 3, low: 5e-324,
    close: n, volume: 10, notional: 15, vwap: n % 7 === 0 ? null : 1.5, trades: 4, buyVolume: 6, sellVolume: 4, quality: 'complete',
    state: 'closed', revision: 0, whole: true, filled: false,
  };
}

/** A series of so many minutes; what was asked for is kept, and `gate` is waited for before every page but the first. */
function series(count: number, gate: (query: BarQuery, abort: AbortSignal) => Promise<void> = () => Promise.resolve()): Partial<StoreReader> {
  let pages = 0;
  return {
    bars: async (query, abort) => {
      if (pages++ > 0) await gate(query, abort);
      const from = Math.max(0, Math.ceil(((query.fromMs ?? startMs) - startMs) / minuteMs));
      const until = Math.min(count, Math.ceil(((query.untilMs ?? Infinity) - startMs) / minuteMs));
      const all = Math.max(0, until - from);
      const length = Math.min(query.limit, all);
      return Array.from({ length }, (_, index) => barAt(query.order === 'asc' ? from + index : until - 1 - index));
    },
  };
}

describe('bars as lines', () => {
  it('ndjson has the rows of the JSON, one a line', async () => {
    const server = await open({ store: series(20) });
    const { bars } = await jsonOf(await server.get(`${path}&order=asc`));
    const lines = await server.get(`${path}&order=asc&format=ndjson`);
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const text = await lines.text();
    expect(text.endsWith('\n')).toBe(true);
    expect(text.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(bars);
  });

  it('csv has them below a header, numbers with every digit, null as nothing', async () => {
    const server = await open({ store: series(20) });
    const { bars }: { bars: Record<string, string | number | boolean | null>[] } = await jsonOf(await server.get(`${path}&order=asc`));
    const csv = await server.get(`${path}&order=asc&format=csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const rows: Record<string, string>[] = parse(await csv.text(), { columns: true, record_delimiter: '\r\n' });
    expect(rows).toEqual(bars.map((bar) => Object.fromEntries(Object.entries(bar).map(([name, value]) => [name, value === null ? '' : String(value)]))));
    expect(rows[0]).toMatchObject({ open: '0.30000000000000004', low: '5e-324', vwap: '' });
  });

  it('csv of nothing is a header, ndjson of nothing is empty', async () => {
    const server = await open();
    expect(await (await server.get(`${path}&format=csv`)).text()).toMatch(/^open_time,close_time,bar_index,open,.*,filled\r\n$/);
    expect(await (await server.get(`${path}&format=ndjson`)).text()).toBe('');
    expect(await (await server.get(`${path}&format=csv&limit=20000`)).text()).toMatch(/^open_time,.*\r\n$/);
  });

  it('a name with a comma, a quote or a line break is one cell', async () => {
    const gap = { lane: 'a,b', venue: 'say "x"', symbol: 'two\nlines', spec: '', fromTimeMs: startMs, untilTimeMs: startMs + 1, reason: 'restart', ticksLost: 0 };
    const server = await open({ store: { gaps: () => Promise.resolve([gap]) } });
    const rows: Record<string, string>[] = parse(await (await server.get('/api/gaps?format=csv')).text(), { columns: true });
    expect(rows).toMatchObject([{ lane: 'a,b', venue: 'say "x"', symbol: 'two\nlines' }]);
  });

  it('more gaps than the limit are said to be cut', async () => {
    const gap = { lane: 'l', venue: '', symbol: '', spec: '', fromTimeMs: startMs, untilTimeMs: startMs + 1, reason: 'restart', ticksLost: 0 };
    const server = await open({ store: { gaps: ({ limit }) => Promise.resolve(Array.from({ length: Math.min(limit, 3) }, () => gap)) } });
    const cut = await jsonOf(await server.get('/api/gaps?limit=2'));
    expect([cut.gaps.length, cut.is_cut]).toEqual([2, true]);
    expect((await jsonOf(await server.get('/api/gaps?limit=3'))).is_cut).toBe(false);
  });
});

describe('bars as a stream', () => {
  it.each(['asc', 'desc'])('of many pages are all there once, %s, and end at the limit', async (order) => {
    const server = await open({ store: series(31_000) });
    for (const [limit, expected] of [[1_000_000, 31_000], [22_500, 22_500]]) {
      const text = await (await server.get(`${path}&order=${order}&format=ndjson&limit=${limit}`)).text();
      const closes = text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { close: number }).close);
      const all = Array.from({ length: expected }, (_, n) => (order === 'asc' ? n : 30_999 - n));
      expect(closes).toEqual(all);
    }
    expect(Math.max(...server.store.asked.bars.map(({ limit }) => limit))).toBe(5_000);
  });

  it('an error before the first row is an answer like any other', async () => {
    const server = await open({ store: { bars: () => Promise.reject(new MdpError('store-unavailable', 'away')) } });
    const response = await server.get(`${path}&format=csv&limit=20000`);
    expect([response.status, (await jsonOf(response)).error.code]).toEqual([503, 'store-unavailable']);
  });

  it('an error later cuts the connection: a part is never taken for the whole', async () => {
    const server = await open({ store: series(100_000, () => Promise.reject(new MdpError('store-unavailable', 'gone away'))) });
    const response = await server.get(`${path}&order=asc&format=csv&limit=100000`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(server.failed).toMatchObject([{ route: '/api/bars', error: { message: 'gone away' } }]);
    expect((await server.get('/health')).status).toBe(200);
  });

  it('nothing is read ahead of a client that does not take it, and what it leaves behind is given up', async () => {
    const aborts: boolean[] = [];
    const server = await open({ store: series(1_000_000, (_, abort) => {
      abort.addEventListener('abort', () => aborts.push(true));
      return Promise.resolve();
    }) });
    const url = new URL(`${path}&order=asc&format=ndjson&limit=1000000`, server.url);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { agent: false }, resolve).on('error', reject).end();
    });
    response.pause();
    response.on('error', () => {});
    let seen = -1;
    await eventually(async () => {
      const pages = server.store.asked.bars.length;
      const isStill = pages === seen;
      seen = pages;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return isStill;
    });
    // A page is 1.4 MB; the sockets of both sides hold a few MB.
    expect(seen).toBeLessThan(20);
    response.destroy();
    await eventually(() => aborts.length > 0);
    const asked = server.store.asked.bars.length;
    expect((await server.get('/health')).status).toBe(200);
    expect(server.store.asked.bars.length).toBe(asked);
    expect(server.failed).toEqual([]);
  });

  it('may take longer than a request may, as long as it goes on', async () => {
    const server = await open({
      settings: { request_timeout_ms: 300 },
      store: series(60_000, () => new Promise((resolve) => { setTimeout(resolve, 60); })),
    });
    const text = await (await server.get(`${path}&order=asc&format=ndjson&limit=60000`)).text();
    expect(text.split('\n')).toHaveLength(60_001);
  });

  it('HEAD reads no rows but the first page', async () => {
    const server = await open({ store: series(100_000) });
    const response = await fetch(`${server.url}${path}&format=csv&limit=100000`, { method: 'HEAD' });
    expect([response.status, await response.text(), server.store.asked.bars.length]).toEqual([200, '', 1]);
  });
});

describe('bars of a spec that is not stored', () => {
  const made: Partial<StoreReader> = {
    madeFrom: ({ spec }) => Promise.resolve(spec === '3m' ? '1m' : null),
    bars: (query) => Promise.resolve(query.madeFrom === '1m' || query.spec === '1m' ? [barAt(0)] : []),
    seriesGaps: ({ spec, fromMs, untilMs }) => Promise.resolve([{ fromTimeMs: fromMs, untilTimeMs: untilMs, reason: spec, ticksLost: 3 }]),
  };

  it('say what they were made from, in every format', async () => {
    const server = await open({ store: made });
    const derived = path.replace('spec=1m', 'spec=180s');
    expect(await jsonOf(await server.get(derived))).toMatchObject({ spec: '3m', made_from: '1m', bars: [{ close: 0 }] });
    for (const format of ['csv', 'ndjson', 'csv&limit=20000']) {
      expect((await server.get(`${derived}&format=${format}`)).headers.get('x-made-from')).toBe('1m');
    }
    expect(await jsonOf(await server.get(path))).toMatchObject({ spec: '1m', made_from: null });
    expect((await jsonOf(await server.get(path.replace('1m', '7m'))))).toMatchObject({ made_from: null, bars: [] });
  });

  it('show the gaps of what they were made from, where gaps=true asks', async () => {
    const server = await open({ store: made });
    const { gaps } = await jsonOf(await server.get(`${path.replace('1m', '3m')}&gaps=true`));
    expect(gaps).toEqual([{ from_time: '2019-10-11T00:00:00.000Z', until_time: '2019-10-11T00:01:00.000Z', reason: '1m', ticks_lost: 3 }]);
    expect(await jsonOf(await server.get(path))).not.toHaveProperty('gaps');
  });
});

describe('the tag of an answer', () => {
  it('spares who has it the body, until a row changes', async () => {
    let close = 1;
    const server = await open({ store: { bars: () => Promise.resolve([{ ...barAt(0), close }]) } });
    const first = await server.get(path);
    const tag = first.headers.get('etag')!;
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
    for (const sent of [tag, `"other", W/${tag}`, '*']) {
      const same = await server.get(path, { 'if-none-match': sent });
      expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', tag]);
    }
    close = 2;
    const changed = await server.get(path, { 'if-none-match': tag });
    expect([changed.status, (await jsonOf(changed)).bars[0].close]).toEqual([200, 2]);
    expect(changed.headers.get('etag')).not.toBe(tag);
  });

  it('differs by format, and is on no error', async () => {
    const server = await open({ store: series(3) });
    const tags = await Promise.all(['json', 'csv', 'ndjson'].map(async (format) => (await server.get(`${path}&format=${format}`)).headers.get('etag')));
    expect(new Set(tags).size).toBe(3);
    expect((await server.get(`${path}&limit=0`, { 'if-none-match': '*' })).status).toBe(400);
  });
});
