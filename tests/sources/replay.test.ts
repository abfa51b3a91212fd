import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { constants, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { sharedData } from '../support/shared-data.ts';
import { readAll, replayOf, TestFolder, type Seen } from './reading.ts';

const folder = new TestFolder();
afterAll(() => folder[Symbol.dispose]());

const header = 'trade_id,event_time_ms,side,price,size';
const baseMs = 1_570_752_000_000;
const row = (n: number): string => `${n},${baseMs + n},buy,${100 + n},1`;
const rows = (from: number, until: number): string =>
  Array.from({ length: until - from }, (_, n) => row(from + n)).join('\n');
const csv = (from: number, until: number): string => `${header}\n${rows(from, until)}\n`;
const json = (n: number): string =>
  JSON.stringify({ trade_id: n, event_time_ms: baseMs + n, side: 'buy', price: 100 + n, size: 1 });

type Wishes = Omit<Parameters<typeof replayOf>[0], 'files'>;
const read = (files: readonly string[], wishes: Wishes = {}): Promise<Seen> =>
  readAll(replayOf({ files, ...wishes }));
const idsOf = (seen: Seen): (string | number | null)[] => seen.ticks.map(({ tradeId }) => tradeId);
const upTo = (until: number): number[] => Array.from({ length: until }, (_, n) => n);

describe('a replayed file', () => {
  it('is read the same as CSV and as JSON lines, plain, gzip and zstd', async () => {
    const ndjson = `${upTo(50).map(json).join('\n')}\n`;
    const names: readonly (readonly [string, string | Uint8Array])[] = [
      ['t.csv', csv(0, 50)],
      ['t.csv.gz', gzipSync(csv(0, 50))],
      ['t.csv.zst', zstdCompressSync(csv(0, 50))],
      ['t.ndjson', ndjson],
      ['t.jsonl', ndjson],
      ['t.ndjson.gz', gzipSync(ndjson)],
      ['t.jsonl.zst', zstdCompressSync(ndjson)],
    ];
    const wanted = upTo(50).map((n) => ({
      position: n,
      order: n,
      venue: 'default',
      symbol: 'XYZ',
      price: 100 + n,
      size: 1,
      side: 1,
      eventTimeMs: baseMs + n,
      tradeId: n,
    }));
    for (const [name, content] of names) {
      const seen = await read([folder.write(name, content)]);
      expect(seen.error, name).toBeNull();
      expect(seen.ticks, name).toEqual(wanted);
    }
  });

  it('may end without a line feed, have Windows line breaks, blank lines and a byte order mark', async () => {
    const text = `\ufeff\r\n${header}\r\n${row(0)}\r\n\r\n  \t\r\n${row(1)}\r\n${row(2)}`;
    const seen = await read([folder.write('windows.csv', text)]);
    expect(idsOf(seen)).toEqual([0, 1, 2]);
    expect(seen.rejects).toEqual([]);
    const lines = await read([folder.write('windows.ndjson', `\ufeff${json(0)}\r\n\r\n${json(1)}`)]);
    expect(idsOf(lines)).toEqual([0, 1]);
  });

  it('may be empty, or hold nothing but its header', async () => {
    for (const content of ['', '\n\n', header, `${header}\n`, '\ufeff']) {
      const seen = await read([folder.write('empty.csv', content)]);
      expect([seen.error, seen.ticks, seen.rejects], JSON.stringify(content)).toEqual([null, [], []]);
    }
    expect((await read([folder.write('empty.csv.gz', gzipSync(''))])).error).toBeNull();
  });

  it('may be larger than what is read at once, with lines across every border', async () => {
    const seen = await read([folder.write('large.csv', csv(0, 120_000))]);
    expect(seen.ticks).toHaveLength(120_000);
    expect(idsOf(seen)).toEqual(upTo(120_000));
  });

  it('may hold several frames or members, as tools that append write them', async () => {
    const parts = [csv(0, 30), `${rows(30, 31)}\n`, `${rows(31, 60)}\n`].map((part) => Buffer.from(part));
    const skippable = Buffer.from('502a4d180500000061626364650a', 'hex').subarray(0, 13);
    const frames = [
      skippable,
      zstdCompressSync(parts[0]),
      zstdCompressSync(parts[1]),
      zstdCompressSync(''),
      skippable,
      zstdCompressSync(parts[2]),
    ];
    expect(idsOf(await read([folder.write('frames.csv.zst', Buffer.concat(frames))]))).toEqual(upTo(60));
    const members = parts.map((part) => gzipSync(part));
    expect(idsOf(await read([folder.write('members.csv.gz', Buffer.concat(members))]))).toEqual(upTo(60));
  });

  it('may hold zstd frames with checksums, with runs of one byte, and larger than what is read at once', async () => {
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    const parts = [csv(0, 60_000), '\n'.repeat(400_000), `${rows(60_000, 120_000)}\n`, '\n'.repeat(300_000)];
    const frames = parts.map((part) => zstdCompressSync(part, { params }));
    expect(idsOf(await read([folder.write('runs.csv.zst', Buffer.concat(frames))]))).toEqual(upTo(120_000));
  });

  it('has other names by mapping, in CSV and in JSON', async () => {
    const fields = { trade_id: 'a', event_time: 'T', price: 'p', size: 'q', symbol: 's' };
    const wishes: Wishes = { fields, symbol: null, venue: 'binance' };
    const seen = await read(
      [folder.write('named.csv', 's,T,p,q,a,m\nXRPETH,1570752011620,0.1,2,9,x\n')],
      wishes,
    );
    expect(seen.ticks).toMatchObject([
      { venue: 'binance', symbol: 'XRPETH', price: 0.1, size: 2, side: 0, tradeId: 9 },
    ]);
    const line = '{"e":"trade","s":"XRPETH","a":9,"T":1570752011620,"p":"0.1","q":"2","price":7}\n';
    expect((await read([folder.write('named.ndjson', line)], wishes)).ticks).toEqual(seen.ticks);
  });

  it('has a venue and a symbol of its own in each record where it names them', async () => {
    const named = ['A,x', 'A,y', 'B,x', 'A,default']
      .map((names) => `1,${baseMs},buy,1,1,${names}\n`)
      .join('');
    const seen = await read([folder.write('venues.csv', `${header},symbol,venue\n${named}${named}`)]);
    const names = ['A x', 'A y', 'B x', 'A default']; // Twice: new names are read in another way than known ones.
    expect(seen.ticks.map(({ symbol, venue }) => `${symbol} ${venue}`)).toEqual([...names, ...names]);
  });

  it('has no field that an object only inherits', async () => {
    const fields = { side: 'constructor', venue: 'toString' };
    const seen = await read([folder.write('inherited.ndjson', json(0))], { fields });
    expect(seen.ticks).toMatchObject([{ side: 0, venue: 'default' }]);
  });

  it('counts prices and sizes that have more digits than a double, each once however batches are cut', async () => {
    const text = `${header}\n1,${baseMs},buy,0.123456789012345678901234567890,1\n2,${baseMs + 50},buy,1,12345678901234567890.5\n`;
    const file = folder.write('inexact.csv', text);
    for (const cut of [{}, { batchSpanMs: 10 }, { batch_ticks: 1 }]) {
      const seen = await read([file], cut);
      expect(seen.inexact).toBe(2);
      expect(seen.ticks[0].price).toBe(Number('0.123456789012345678901234567890'));
    }
  });
});

describe('several replayed files', () => {
  it('are one log, in the order of the list and by name within a glob', async () => {
    folder.write('day-2.csv', csv(20, 30));
    folder.write('day-1.csv', csv(10, 20));
    folder.write('day-10.csv', csv(15, 16));
    const first = folder.write('first.csv', csv(0, 10));
    const seen = await read([first, path.join(folder.path, 'day-?.csv')]);
    expect(idsOf(seen)).toEqual(upTo(30));
    expect(seen.ticks.map(({ position }) => position)).toEqual(upTo(30));
  });

  it('may have their columns in different orders, be compressed differently and lack a last line feed', async () => {
    const files = [
      folder.write('x.csv', `${header}\n${row(0)}`),
      folder.write(
        'y.csv.gz',
        gzipSync(`price,size,symbol,event_time_ms,trade_id\n101,1,ABC,${baseMs + 1},1`),
      ),
      folder.write('z.ndjson', json(2)),
    ];
    const seen = await read(files);
    expect(seen.ticks.map(({ symbol, price }) => `${symbol} ${price}`)).toEqual([
      'XYZ 100',
      'ABC 101',
      'XYZ 102',
    ]);
  });

  it('are the same log after one was appended to, and another one when the first record changed', async () => {
    const identity = async (content: string, wishes: Wishes = {}): Promise<string> =>
      (await read([folder.write('identity.csv', content)], wishes)).requests[0].logIdentity;
    const first = await identity(csv(0, 1));
    expect(await identity(csv(0, 2_000))).toBe(first);
    expect(await identity(csv(1, 2))).not.toBe(first);
    const final = await identity(csv(0, 1), { complete: true });
    expect(await identity(csv(0, 2), { complete: true })).not.toBe(final);
  });

  it('are the same log under another name, and compressed', async () => {
    const plain = await read([folder.write('one.csv', csv(0, 5))]);
    const packed = await read([folder.write('two.csv.gz', gzipSync(csv(0, 5)))]);
    expect(packed.requests).toEqual(plain.requests);
  });
});

describe('recorded trades of an exchange', () => {
  const shared = sharedData('binance-xrp-eth', 'the replay of recorded trades');

  it.skipIf(shared === null)('are read whole', async () => {
    const file = path.join(shared!, 'trades.csv.gz');
    const seen = await read([file], { symbol: 'XRPETH', venue: 'binance', ids: 'monotone', complete: true });
    expect(seen.error).toBeNull();
    expect(seen.ticks).toHaveLength(12_477);
    expect(seen.ticks.filter(({ side }) => side === 1)).toHaveLength(6_524);
    expect(seen.ticks.filter(({ side }) => side === 2)).toHaveLength(5_953);
    const text = gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const exact = (from: readonly number[], decimals: number): bigint =>
      from.reduce((sum, value) => sum + BigInt(value.toFixed(decimals).replace('.', '')), 0n);
    expect(
      exact(
        seen.ticks.map(({ size }) => size),
        8,
      ),
    ).toBe(5_545_735n * 100_000_000n);
    expect(idsOf(seen)).toEqual(upTo(12_477).map((n) => 13_519_807 + n));
    expect(seen.ticks.map(({ price, eventTimeMs }) => [price, eventTimeMs])).toEqual(
      text.map(([, time, , price]) => [Number(price), Number(time)]),
    );
    const notional = seen.ticks.reduce((sum, { price, size }) => sum + price * size, 0);
    expect(notional).toBeCloseTo(8_182.56026789, 8);
  });
});
