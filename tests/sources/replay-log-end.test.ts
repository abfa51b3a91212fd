import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Settings } from '../../src/model/setting.ts';
import type { LogEnd } from '../../src/sources/log-end.ts';
import { openLogEnd } from '../../src/sources/log-ends.ts';
import { replaySettings, type ReplayValues } from '../../src/sources/replay/settings.ts';

const header = 'trade_id,event_time_ms,side,price,size,symbol';
const good = '1,1700000000000,buy,100,1,BTC';
const bad = '2,1700000001000,buy,abc,1,BTC';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mdp-log-end-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

function openEnd(files: readonly string[], wishes: Partial<ReplayValues> = {}): Promise<LogEnd> {
  const settings: Settings = replaySettings;
  const defaults = Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default]));
  const values = { ...defaults, files, ...wishes };
  return openLogEnd('replay', {
    name: 'history', values, instruments: new InstrumentTable(), clock: () => 0, batchSpanMs: Infinity,
  }, '');
}

const place = (name: string, line: number): { place: string; position: number } =>
  ({ place: `${path.join(folder, name)}:${line}`, position: 0 });

const nowhere = { place: '', position: 0 };

describe('the end of a replayed log', () => {
  it('takes a record behind the last one of the last file', async () => {
    const [first, last] = [file('a.csv', `${header}\n${good}\n`), file('b.csv', `${header}\n${good}\n`)];
    const end = await openEnd([first, last]);
    expect(await end.append(Buffer.from(bad), nowhere)).toBe(`${last}, byte ${header.length + good.length + 2}`);
    expect(readFileSync(last, 'utf8')).toBe(`${header}\n${good}\n${bad}\n`);
    expect(readFileSync(first, 'utf8')).toBe(`${header}\n${good}\n`);
  });

  it('goes on after what others append meanwhile', async () => {
    const last = file('a.csv', `${header}\n`);
    const end = await openEnd([last]);
    appendFileSync(last, `${good}\n`);
    await end.append(Buffer.from(bad), nowhere);
    expect(readFileSync(last, 'utf8')).toBe(`${header}\n${good}\n${bad}\n`);
  });

  it('ends a last line that has no line feed, unless somebody may be writing it', async () => {
    const last = file('a.csv', `${header}\n${good}`);
    await expect((await openEnd([last], { follow: true })).append(Buffer.from(bad), nowhere))
      .rejects.toMatchObject({ code: 'dead-letter-refused', message: expect.stringContaining('no line feed yet') });
    await (await openEnd([last])).append(Buffer.from(bad), nowhere);
    expect(readFileSync(last, 'utf8')).toBe(`${header}\n${good}\n${bad}\n`);
  });

  it('is the same log as before the append', async () => {
    const last = file('a.csv', `${header}\n${good}\n`);
    const end = await openEnd([last]);
    await end.append(Buffer.from(bad), nowhere);
    expect((await openEnd([last])).identity).toBe(end.identity);
    writeFileSync(last, `${header}\n${bad}\n`);
    expect((await openEnd([last])).identity).not.toBe(end.identity);
  });

  it('finds records by the places that letters have, in compressed files too', async () => {
    const gz = file('a.csv.gz', gzipSync(`\n${header}\r\n${good}\r\n\r\n${bad}\r\n`));
    const last = file('b.csv', `\ufeff${header}\n${bad}\n${'9'.repeat(200_000)}\n${good}\n${'9'.repeat(2_000_000)}\n${bad}`);
    const end = await openEnd([gz, last]);
    const found = await end.find([
      place('a.csv.gz', 3), place('a.csv.gz', 5), ...[2, 3, 4, 5, 6, 7].map((line) => place('b.csv', line)),
      place('c.csv', 1), { place: 'record 7', position: 7 },
    ]);
    expect([...found].map(([where, { bytes, unfit }]) => [path.basename(where), Buffer.from(bytes).toString(), unfit])).toEqual([
      ['a.csv.gz:3', good, null], ['a.csv.gz:5', bad, null], ['b.csv:2', bad, null], ['b.csv:4', good, null], ['b.csv:6', bad, null],
    ]);
  });

  it('says of a record that its columns are others than those at the end', async () => {
    const first = file('a.csv', `symbol,${header.replace(',symbol', '')}\nBTC,2,1700000001000,buy,abc,1\n`);
    const end = await openEnd([first, file('b.csv', `${header}\n${good}\n`)]);
    const found = await end.find([place('a.csv', 2), place('b.csv', 2)]);
    expect(found.get(place('a.csv', 2).place)!.unfit).toMatch(/a\.csv, whose columns are not those of .*b\.csv/);
    expect(found.get(place('b.csv', 2).place)!.unfit).toBeNull();
  });

  it('judges a record by the header of the last file and the settings of the source', async () => {
    const end = await openEnd([file('a.csv', `${header}\n`)]);
    expect(await end.judge(Buffer.from(good), nowhere)).toMatchObject({ length: 1, rejects: [] });
    expect(await end.judge(Buffer.from(bad), nowhere)).toMatchObject({ length: 0, rejects: [{ reason: 'bad-price' }] });
    expect(await end.judge(Buffer.from('  '), nowhere)).toBeNull();
    expect(await end.judge(Buffer.from('9'.repeat(100_000)), nowhere)).toMatchObject({ length: 0, rejects: [{ reason: 'too-long' }] });
    const ndjson = await openEnd([file('b.ndjson', '')], { event_time_unit: 's', fields: { price: 'p' } });
    const record = '{"symbol":"BTC","trade_id":1,"event_time_s":1700000000,"side":"buy","p":1,"size":1}';
    expect(await ndjson.judge(Buffer.from(record), nowhere)).toMatchObject({ length: 1, rejects: [] });
  });

  it.each([
    ['complete', () => openEnd([file('a.csv', `${header}\n`)], { complete: true }), /declared final/],
    ['compressed at its end', () => openEnd([file('a.csv', `${header}\n`), file('b.csv.gz', gzipSync(''))]), /b\.csv\.gz, which is compressed/],
    ['without a header at its end', () => openEnd([file('a.csv', '')]), /a\.csv, which has no header yet/],
  ])('takes nothing where the log is %s', async (_, attempt, says) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'dead-letter-refused', message: expect.stringMatching(says) });
  });

  it('takes nothing where a file is missing, or has gone since', async () => {
    await expect(openEnd([path.join(folder, 'none.csv')])).rejects.toMatchObject({ code: 'source-unreadable' });
    const last = file('a.csv', `${header}\n`);
    const end = await openEnd([last]);
    rmSync(folder, { recursive: true });
    await expect(end.append(Buffer.from(good), nowhere)).rejects.toMatchObject({ code: 'source-failed', message: expect.stringContaining('a.csv failed') });
  });
});

describe('a log that is made up', () => {
  it('has no end', async () => {
    const context = { name: 'demo', values: {}, instruments: new InstrumentTable(), clock: () => 0, batchSpanMs: Infinity };
    await expect(openLogEnd('synthetic', context, ''))
      .rejects.toMatchObject({ code: 'dead-letter-refused', message: expect.stringContaining('synthetic') });
  });
});
