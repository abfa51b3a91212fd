import { afterEach, describe, expect, it } from 'vitest';
import type { StoredBar, StoredValue } from '../../src/store/reads.ts';
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

const openTimeMs = Date.parse('2019-10-11T00:00:00Z');

function barAt(minute: number, overrides: Partial<StoredBar> = {}): StoredBar {
  return {
    openTimeMs: openTimeMs + minute * 60_000, closeTimeMs: openTimeMs + (minute + 1) * 60_000, barIndex: 0, open: 1, high: 3,
    low: 0.5, close: 2, volume: 10, notional: 15, vwap: 1.5, trades: 4, buyVolume: 6, sellVolume: 4, quality: 'complete',
    state: 'closed', revision: 0, whole: true, filled: false, ...overrides,
  };
}

const instrument = 'venue=binance&symbol=XRPETH&spec=1m';

describe('/api/bars', () => {
  it('gives every field of a bar, times in ISO 8601, numbers as they are', async () => {
    const server = await open({ store: { bars: () => Promise.resolve([barAt(0, { close: 0.00141342, revision: 2, quality: 'gap' })]) } });
    expect(await (await server.get(`/api/bars?${instrument}`)).json()).toEqual({
      venue: 'binance', symbol: 'XRPETH', spec: '1m', made_from: null, order: 'desc', fill: 'none', next: null,
      bars: [{
        open_time: '2019-10-11T00:00:00.000Z', close_time: '2019-10-11T00:01:00.000Z', bar_index: 0, open: 1, high: 3, low: 0.5,
        close: 0.00141342, volume: 10, notional: 15, vwap: 1.5, trades: 4, buy_volume: 6, sell_volume: 4, quality: 'gap',
        state: 'closed', revision: 2, whole: true, filled: false,
      }],
    });
  });

  it('keeps every digit of a double', async () => {
    const close = 0.1 + 0.2;
    const volume = 1.7976931348623157e308;
    const server = await open({ store: { bars: () => Promise.resolve([barAt(0, { close, volume, low: 5e-324, high: 1e21 })]) } });
    const { bars }: { bars: Record<string, number>[] } = await jsonOf(await server.get(`/api/bars?${instrument}`));
    expect(bars[0]).toMatchObject({ close, volume, low: 5e-324, high: 1e21 });
  });

  it('gives null for the prices of a row that fill made', async () => {
    const empty = barAt(0, { open: null, high: null, low: null, close: null, vwap: null, volume: 0, trades: 0, filled: true });
    const server = await open({ store: { bars: () => Promise.resolve([empty]) } });
    const { bars }: { bars: Record<string, unknown>[] } = await jsonOf(await server.get(`/api/bars?${instrument}&fill=null`));
    expect(bars[0]).toMatchObject({ open: null, high: null, low: null, close: null, vwap: null, volume: 0, filled: true });
  });

  it.each([
    ['', { fromMs: null, untilMs: null, limit: 500, order: 'desc', fill: 'none' }],
    ['&from=2019-10-11', { fromMs: openTimeMs, untilMs: null, order: 'asc' }],
    ['&from=2019-10-11T00:00:00Z&until=2019-10-11T01:00', { fromMs: openTimeMs, untilMs: openTimeMs + 3_600_000 }],
    [`&from=${openTimeMs}&until=${openTimeMs + 1}`, { fromMs: openTimeMs, untilMs: openTimeMs + 1 }],
    ['&from=2019-10-11T02:00:00.123%2B02:00', { fromMs: openTimeMs + 123 }],
    ['&from=2019-10-11T02:00:00+02:00', { fromMs: openTimeMs }], // The + was not escaped and came as a blank.
    ['&from=0', { fromMs: 0 }],
    ['&from=-1', { fromMs: -1 }],
    ['&until=2019-10-11&order=asc&limit=7&fill=carry', { fromMs: null, untilMs: openTimeMs, order: 'asc', limit: 7, fill: 'carry' }],
    ['&fill=null', { fill: 'null' }],
    ['&limit=10000', { limit: 10_000 }],
  ])('asks the database for what was asked: %s', async (query, expected) => {
    const server = await open();
    expect((await server.get(`/api/bars?${instrument}${query}`)).status).toBe(200);
    expect(server.store.asked.bars).toEqual([expect.objectContaining({ venue: 'binance', symbol: 'XRPETH', spec: '1m', ...expected })]);
  });

  it.each([['60s', '1m'], ['1d@America/New_York', '1d@America/New_York'], ['7d', '1w']])('reads the spec %s as %s', async (given, spec) => {
    const server = await open();
    await server.get(`/api/bars?venue=v&symbol=s&spec=${encodeURIComponent(given)}`);
    expect(server.store.asked.bars[0].spec).toBe(spec);
  });

  it('takes any name a venue gives', async () => {
    const server = await open();
    for (const symbol of ['__proto__', 'BTC/USDT', '比特币', 'a&b=c', ' ']) {
      const response = await server.get(`/api/bars?venue=v&spec=1m&symbol=${encodeURIComponent(symbol)}`);
      expect(response.status).toBe(200);
      expect(server.store.asked.bars.at(-1)!.symbol).toBe(symbol);
    }
  });

  it('says where to go on when the limit cut, forwards and backwards, and following that misses and repeats nothing', async () => {
    const stored = Array.from({ length: 25 }, (_, minute) => barAt(minute));
    const server = await open({ store: { bars: (query) => {
      const inside = stored.filter((bar) => bar.openTimeMs >= (query.fromMs ?? -Infinity) && bar.openTimeMs < (query.untilMs ?? Infinity));
      return Promise.resolve((query.order === 'asc' ? inside : inside.toReversed()).slice(0, query.limit));
    } } });
    for (const order of ['asc', 'desc']) {
      const seen: string[] = [];
      let bound = '';
      for (let page = 0; page < 10; page++) {
        const response = await server.get(`/api/bars?${instrument}&order=${order}&limit=10${bound}`);
        const { bars, next }: { bars: { open_time: string }[]; next: string | null } = await jsonOf(response);
        seen.push(...bars.map((bar) => bar.open_time));
        if (next === null) break;
        bound = `&${order === 'asc' ? 'from' : 'until'}=${next}`;
      }
      const expected = stored.map((bar) => new Date(bar.openTimeMs).toISOString());
      expect(seen).toEqual(order === 'asc' ? expected : expected.toReversed());
    }
  });
});

describe('a query that makes no sense', () => {
  it.each([
    ['/api/bars?symbol=s&spec=1m', 'venue', /missing/],
    ['/api/bars?venue=v&spec=1m', 'symbol', /missing/],
    ['/api/bars?venue=v&symbol=s', 'spec', /missing/],
    ['/api/bars?venue=&symbol=s&spec=1m', 'venue', /empty/],
    ['/api/bars?venue=a&venue=b&symbol=s&spec=1m', 'venue', /given once/],
    [`/api/bars?venue=${'v'.repeat(129)}&symbol=s&spec=1m`, 'venue', /128/],
    ['/api/bars?venue=v&symbol=s&spec=1y', 'spec', /s, m, h, d, w/],
    ['/api/bars?venue=v&symbol=s&spec=1d@Mars/Olympus', 'spec', /time zone/],
    [`/api/bars?${instrument}&from=yesterday`, 'from', /ISO 8601 .* or ms/],
    [`/api/bars?${instrument}&from=2019-13-01`, 'from', /ISO 8601/],
    [`/api/bars?${instrument}&from=2019-02-30T25:00`, 'from', /ISO 8601/],
    [`/api/bars?${instrument}&until=9999999999999999`, 'until', /ISO 8601/],
    [`/api/bars?${instrument}&from=2019-10-11&until=2019-10-11`, 'until', /later than from/],
    [`/api/bars?${instrument}&limit=0`, 'limit', />= 1/],
    [`/api/bars?${instrument}&limit=10001`, 'limit', /<= 10000 .*ndjson/],
    [`/api/bars?${instrument}&limit=1000001&format=csv`, 'limit', /<= 1000000/],
    [`/api/bars?${instrument}&format=xml`, 'format', /json, ndjson, csv/],
    [`/api/bars?${instrument}&gaps=yes`, 'gaps', /true or false/],
    [`/api/bars?${instrument}&limit=ten`, 'limit', /whole number/],
    [`/api/bars?${instrument}&limit=1.5`, 'limit', /whole number/],
    [`/api/bars?${instrument}&order=up`, 'order', /asc, desc/],
    [`/api/bars?${instrument}&fill=forward`, 'fill', /none, carry, null/],
    [`/api/bars?${instrument}&form=2019-10-11`, 'form', /not known/],
    [`/api/indicators?${instrument}`, 'indicator', /missing/],
    [`/api/indicators?${instrument}&indicator=rsi(14)&fill=carry`, 'fill', /not known/],
    ['/api/symbols?limit=-1', 'limit', />= 1/],
    ['/api/symbols?venues=x', 'venues', /not known/],
    ['/api/symbols?venue=a%00b', 'venue', /nul/],
    ['/api/symbols?cursor=x', 'cursor', /next/],
    ['/api/symbols?cursor=WyJhAGIiLCJjIl0', 'cursor', /next/],
    ['/api/symbols?cursor=bnVsbA', 'cursor', /next/],
    ['/api/gaps?until=soon', 'until', /ISO 8601/],
    ['/api/gaps?reason=x', 'reason', /not known/],
  ])('%s is refused with its field and what is allowed', async (path, field, says) => {
    const server = await open();
    const response = await server.get(path);
    const { error }: { error: { code: string; field: string; message: string } } = await jsonOf(response);
    expect([response.status, error.code, error.field]).toEqual([400, 'bad-request', field]);
    expect(error.message).toMatch(says);
    expect(server.store.asked).toEqual({ bars: [], indicators: [], symbols: [], gaps: [] });
  });
});

describe('/api/indicators', () => {
  const stored = (minute: number, value: number | null): StoredValue => ({
    openTimeMs: openTimeMs + minute * 60_000, closeTimeMs: openTimeMs + (minute + 1) * 60_000, barIndex: 0, value,
    quality: 'complete', state: 'closed', revision: 0, whole: true,
  });

  it('lists the values of an indicator, null where there is none yet, and says where to go on', async () => {
    const server = await open({ store: { indicators: () => Promise.resolve([stored(0, null), stored(1, 61.5)]) } });
    const response = await server.get(`/api/indicators?${instrument}&indicator=RSI(%2014)&from=2019-10-11&limit=2`);
    expect(await response.json()).toMatchObject({
      indicator: 'rsi(14)', spec: '1m', order: 'asc', next: '2019-10-11T00:01:00.001Z', values: [
        { open_time: '2019-10-11T00:00:00.000Z', close_time: '2019-10-11T00:01:00.000Z', value: null, whole: true },
        { open_time: '2019-10-11T00:01:00.000Z', value: 61.5, quality: 'complete', state: 'closed', revision: 0 },
      ],
    });
    expect(server.store.asked.indicators).toMatchObject([{ indicator: 'rsi(14)', fromMs: openTimeMs, untilMs: null, limit: 2 }]);
  });
});

describe('/api/symbols and /api/gaps', () => {
  it('list instruments with their specs', async () => {
    const known = {
      venue: 'binance', symbol: 'XRPETH', specs: ['1m', '5m'], lastSpec: '1m', lastPrice: 1.1, quality: 'complete', state: 'closed',
      newestOpenTimeMs: openTimeMs, newestCloseTimeMs: openTimeMs + 60_000, basePrice: 1, baseTimeMs: openTimeMs - 86_400_000,
    } as const;
    const fresh = { ...known, symbol: 'NEW', newestCloseTimeMs: Date.now() + 60_000, basePrice: null, baseTimeMs: null };
    const server = await open({ store: { symbols: () => Promise.resolve([known, fresh]) } });
    const { symbols: [first, second], next } = await jsonOf(await server.get('/api/symbols?venue=binance&limit=3'));
    expect(first).toEqual({
      venue: 'binance', symbol: 'XRPETH', specs: ['1m', '5m'], last_price: 1.1, last_spec: '1m', quality: 'complete', state: 'closed',
      newest_open_time: '2019-10-11T00:00:00.000Z', newest_close_time: '2019-10-11T00:01:00.000Z', base_price: 1,
      base_time: '2019-10-10T00:00:00.000Z', change: 1.1 - 1, change_share: 1.1 - 1, age_ms: expect.any(Number),
    });
    expect(first.age_ms).toBeGreaterThan(Date.now() - openTimeMs - 120_000);
    expect(second).toMatchObject({ symbol: 'NEW', base_price: null, base_time: null, change: null, change_share: null, age_ms: 0 });
    expect(next).toBeNull();
    expect(server.store.asked.symbols).toEqual([{ venue: 'binance', limit: 3, after: null }]);

    const cut = await jsonOf(await server.get('/api/symbols?limit=2'));
    await server.get(`/api/symbols?limit=2&cursor=${cut.next}`);
    expect(server.store.asked.symbols.at(-1)).toEqual({ venue: null, limit: 2, after: { venue: 'binance', symbol: 'NEW' } });
  });

  it('list gaps, empty names standing for all', async () => {
    const server = await open({ store: { gaps: () => Promise.resolve([{
      lane: 'market-data/demo', venue: '', symbol: '', spec: '', fromTimeMs: openTimeMs, untilTimeMs: openTimeMs + 1, reason: 'restart',
      ticksLost: 0 }]) } });
    expect(await (await server.get('/api/gaps?lane=market-data/demo&from=2019-10-11')).json()).toEqual({
      gaps: [{
        lane: 'market-data/demo', venue: '', symbol: '', spec: '', from_time: '2019-10-11T00:00:00.000Z',
        until_time: '2019-10-11T00:00:00.001Z', reason: 'restart', ticks_lost: 0,
      }], is_cut: false,
    });
    expect(server.store.asked.gaps).toEqual([
      { lane: 'market-data/demo', venue: null, symbol: null, fromMs: openTimeMs, untilMs: null, limit: 501 }]);
  });
});
