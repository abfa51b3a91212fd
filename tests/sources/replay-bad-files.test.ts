import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { messageOf } from '../../src/errors.ts';
import { readAll, replayOf, TestFolder, type Seen } from './reading.ts';

const folder = new TestFolder();
afterAll(() => folder[Symbol.dispose]());

const header = 'trade_id,event_time_ms,side,price,size';
const baseMs = 1_570_752_000_000;
const row = (n: number): string => `${n},${baseMs + n},buy,100,1`;
const rows = (count: number): string => Array.from({ length: count }, (_, n) => row(n)).join('\n');

type Wishes = Omit<Parameters<typeof replayOf>[0], 'files'>;
const read = (file: string, wishes: Wishes = {}): Promise<Seen> =>
  readAll(replayOf({ files: [file], ...wishes }));

describe('a source that is not what its settings say', () => {
  const failure = async (
    content: string | Uint8Array,
    wishes: Wishes = {},
    name = 'wrong.csv',
  ): Promise<string> => {
    const seen = await read(folder.write(name, content), wishes);
    expect(seen.ticks).toEqual([]);
    expect(seen.error?.code).toBe('source-malformed');
    return seen.error!.message;
  };

  it('fails with the header that it has and the one that it should have', async () => {
    const message = await failure('time;price;volume\n1;2;3\n');
    expect(message).toContain(
      'wrong.csv: the header is "time;price;volume": it lacks trade_id, event_time_ms, price, size',
    );
    expect(message).toContain('Columns must be divided by commas');
    expect(await failure(`${row(0)}\n${row(1)}\n`)).toContain('it lacks');
    expect(await failure('event_time_ms,price,size\n')).toContain('it lacks trade_id');
    expect(await failure(`${header}\n`, { symbol: null })).toContain('it lacks symbol');
    expect(await failure('{"price":1}\n')).toContain('It looks like JSON: set format to ndjson');
  });

  it('fails where it is compressed and its name hides it, or is UTF-16, or has no end to its header', async () => {
    expect(await failure(gzipSync(header))).toContain('.gz');
    expect(await failure(zstdCompressSync(`${header}\n`))).toContain('.zst');
    expect(await failure(Buffer.from(`\ufeff${header}\n${row(0)}\n`, 'utf16le'))).toContain('UTF-16');
    expect(await failure('x'.repeat(70_000))).toContain('the header is longer than 65536 bytes');
    expect(await failure(`${'x'.repeat(70_000)}\n${row(1)}\n`)).toContain(
      'the header is longer than 65536 bytes',
    );
  });

  it('fails with a hint, and not a million rejects, where all times are in another unit', async () => {
    const seconds = Array.from({ length: 5_000 }, (_, n) => `${n},${1_570_752_000 + n},buy,1,1`).join('\n');
    const seen = await read(folder.write('seconds.csv', `${header}\n${seconds}\n`));
    expect(seen.error?.code).toBe('source-malformed');
    expect(seen.error?.message).toContain(
      'seconds.csv:2: event time "1570752000" is not a time of our days in ms',
    );
    expect(seen.error?.message).toContain('set event_time_unit to s');
    expect(seen.ticks).toEqual([]);
    expect(seen.rejects.length).toBeLessThanOrEqual(10);
  });

  it('fails so too where there are only a few records', async () => {
    const seen = await read(folder.write('few.csv', `${header}\n1,1570752000,buy,1,1\n`));
    expect(seen.error?.message).toContain('set event_time_unit to s');
  });

  it('goes on where only some times are in another unit', async () => {
    const text = [
      header,
      ...Array.from({ length: 9 }, (_, n) => `${n},1570752000,buy,1,1`),
      row(9),
      row(10),
    ].join('\n');
    const seen = await read(folder.write('some.csv', `${text}\n${`1,1570752000,buy,1,1\n`.repeat(50)}`));
    expect(seen.error).toBeNull();
    expect([seen.ticks.length, seen.rejects.length]).toEqual([2, 59]);
  });

  it('fails at the second file where only that one is wrong, after the first was delivered', async () => {
    const files = [folder.write('right.csv', `${header}\n${rows(3)}\n`), folder.write('wrong.csv', 'a,b\n')];
    const seen = await readAll(replayOf({ files }));
    expect(seen.ticks).toHaveLength(3);
    expect(seen.error?.code).toBe('source-malformed');
  });

  it('fails where fewer records are left than were read before', async () => {
    const file = folder.write('short.csv', `${header}\n${rows(3)}\n`);
    const seen = await readAll(replayOf({ files: [file] }), { position: 5 });
    expect(seen.error?.message).toContain('has only 3 records, but 5 were read from it before');
    expect((await readAll(replayOf({ files: [file] }), { position: 3 })).error).toBeNull();
  });

  it('fails where the record before its start is another one than the one that was read there', async () => {
    const file = folder.write('changed.csv', `${header}\n${rows(3)}\n`);
    const readBehind = (record: string): Promise<Seen> => readAll(replayOf({ files: [file] }), {
      position: 2, lastRecordHash: createHash('sha256').update(record).digest('hex'),
    });
    expect((await readBehind(row(1))).ticks.map(({ position }) => position)).toEqual([2]);
    const changed = await readBehind(`${row(1)}0`);
    expect(changed.error).toMatchObject({ code: 'log-changed', message: expect.stringContaining('before position 2') });
    expect(changed.ticks).toEqual([]);
  });
});

describe('a file that cannot be read', () => {
  it('fails at the start, before its lane is taken and before any tick of other files', async () => {
    const good = folder.write('good.csv', `${header}\n${rows(3)}\n`);
    mkdirSync(path.join(folder.path, 'folder.csv'), { recursive: true });
    for (const name of ['missing.csv', 'none-*.csv', 'folder.csv']) {
      const seen = await readAll(replayOf({ files: [good, path.join(folder.path, name)] }));
      expect(seen.error?.code, name).toBe('source-unreadable');
      expect(seen.error?.message, name).toContain(name);
      expect([seen.ticks, seen.requests], name).toEqual([[], []]);
    }
  });

  // Root may read everything: there is nothing to see then.
  if (process.getuid?.() !== 0) it('fails at the start where permission is missing', async () => {
    const file = folder.write('secret.csv', header);
    chmodSync(file, 0o000);
    expect((await read(file)).error?.code).toBe('source-unreadable');
  });

  it('fails where it stands twice, where its format is unknown, and where nothing is named', async () => {
    const file = folder.write('twice.csv', header);
    const twice = await readAll(replayOf({ files: [file, path.join(folder.path, 'twic?.csv')] }));
    expect(twice.error?.message).toContain('stands twice in files');
    const unknown = folder.write('trades.txt', `${header}\n${rows(1)}\n`);
    expect((await read(unknown)).error?.message).toContain('set format');
    expect((await read(unknown, { format: 'csv' })).ticks).toHaveLength(1);
    expect(() => replayOf({ files: [] })).toThrow(/files is empty/);
  });

  it.each<[string, Uint8Array]>([
    ['cut.csv.gz', gzipSync(`${header}\n${rows(20_000)}\n`)],
    ['cut.csv.zst', zstdCompressSync(`${header}\n${rows(20_000)}\n`)],
  ])('midway delivers what was read and names file and record: %s', async (name, whole) => {
    for (const left of [0.99, 0.5, 0.9]) {
      const file = folder.write(name, whole.subarray(0, Math.floor(whole.length * left)));
      const seen = await read(file);
      expect(seen.error?.code).toBe('source-failed');
      expect(seen.error?.message).toContain(`${file}:`);
      expect(seen.error?.message).toContain(`after ${seen.ticks.length} records`);
      expect(seen.ticks.map(({ tradeId }) => tradeId)).toEqual(
        Array.from({ length: seen.ticks.length }, (_, n) => n),
      );
      const again = await read(file);
      expect(again.ticks).toEqual(seen.ticks);
    }
    const almost = await read(folder.write(name, whole.subarray(0, -4)));
    expect(almost.error?.code).toBe('source-failed');
    expect(almost.ticks.length).toBeGreaterThan(15_000);
  });

  it('because its bytes were damaged does the same', async () => {
    for (const [name, whole] of [
      ['bad.csv.gz', gzipSync(`${header}\n${rows(50_000)}\n`)],
      ['bad.csv.zst', zstdCompressSync(`${header}\n${rows(50_000)}\n`)],
    ] as const) {
      const damaged = Buffer.from(whole);
      damaged.fill(0xff, Math.floor(damaged.length * 0.8), Math.floor(damaged.length * 0.8) + 20);
      const seen = await read(folder.write(name, damaged));
      expect(seen.error?.code, name).toBe('source-failed');
      expect(messageOf(seen.error?.cause), name).not.toBe('');
    }
    expect((await read(folder.write('not.csv.gz', `${header}\n`))).error?.code).toBe('source-failed');
    expect((await read(folder.write('not.csv.zst', `${header}\n`))).error?.code).toBe('source-failed');
    expect((await read(folder.write('zero.csv.gz', ''))).error?.code).toBe('source-failed');
  });
});
