import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readAll, replayOf, TestFolder, type Seen } from './reading.ts';

const folder = new TestFolder();
afterAll(() => folder[Symbol.dispose]());

const header = 'trade_id,event_time_ms,side,price,size';
const baseMs = 1_570_752_000_000;
const row = (n: number): string => `${n},${baseMs + n},buy,100,1`;

type Wishes = Omit<Parameters<typeof replayOf>[0], 'files'>;
const read = (file: string, wishes: Wishes = {}): Promise<Seen> =>
  readAll(replayOf({ files: [file], ...wishes }));

/** Reads one line between two good ones. */
async function readLine(line: string | Buffer, wishes: Wishes = {}): Promise<Seen> {
  const content = Buffer.concat([
    Buffer.from(`${header},symbol\n${row(0)},A\n`),
    Buffer.from(line),
    Buffer.from(`\n${row(2)},A\n`),
  ]);
  return read(folder.write('line.csv', content), wishes);
}

describe('a record that cannot be read', () => {
  it.each<[string, string | Buffer, string, RegExp]>([
    ['NaN as price', `1,${baseMs},buy,NaN,1,A`, 'bad-price', /price "NaN"/],
    ['1e400 as price', `1,${baseMs},buy,1e400,1,A`, 'bad-price', /price "1e400"/],
    ['an empty size', `1,${baseMs},buy,1,,A`, 'bad-size', /size ""/],
    [
      'invalid UTF-8 as symbol',
      Buffer.from(`1,${baseMs},buy,1,1,A\xff`, 'latin1'),
      'bad-symbol',
      /not valid UTF-8/,
    ],
    ['an empty symbol', `1,${baseMs},buy,1,1,`, 'bad-symbol', /symbol is empty/],
    ['a symbol of 65 bytes', `1,${baseMs},buy,1,1,${'x'.repeat(65)}`, 'bad-symbol', /longer than 64 bytes/],
    ['a control character in a symbol', `1,${baseMs},buy,1,1,A\u0000`, 'bad-symbol', /control characters/],
    ['an unknown side', `1,${baseMs},bid,1,1,A`, 'bad-side', /side "bid"/],
    ['time in seconds', '1,1570752000,buy,1,1,A', 'bad-time', /looks like s: set event_time_unit to s/],
    [
      'time in nanoseconds',
      '1,1570752000000000000,buy,1,1,A',
      'bad-time',
      /looks like ns: set event_time_unit to ns/,
    ],
    ['a missing field', `1,${baseMs},buy,1,1`, 'malformed', /5 fields where the header has 6/],
    ['a stray quote', `1,${baseMs},buy,1,1,"A`, 'malformed', /Quote Not Closed/],
    ['a quote in the middle', `1,${baseMs},buy,1,1,A"B`, 'malformed', /quote/i],
  ])('is counted with its reason, its value and its place: %s', async (_, line, reason, message) => {
    const seen = await readLine(line);
    expect(seen.error).toBeNull();
    expect(seen.ticks.map(({ position }) => position)).toEqual([0, 2]);
    expect(seen.rejects).toHaveLength(1);
    expect(seen.rejects[0]).toMatchObject({
      reason,
      position: 1,
      place: `${path.join(folder.path, 'line.csv')}:3`,
    });
    expect(seen.rejects[0].message).toMatch(message);
    expect(Buffer.from(seen.rejects[0].bytes)).toEqual(Buffer.from(line));
  });

  it('in JSON is counted alike', async () => {
    const good = (n: number): string =>
      JSON.stringify({ trade_id: n, event_time_ms: baseMs, price: 1, size: 1 });
    const text = [
      good(0),
      '{"trade_id":1',
      '',
      '[]',
      good(3),
      '{"trade_id":4,"event_time_ms":1,"size":1}',
      good(5),
    ].join('\n');
    const seen = await read(folder.write('bad.ndjson', text));
    expect(seen.ticks.map(({ tradeId }) => tradeId)).toEqual([0, 3, 5]);
    expect(
      seen.rejects.map(({ position, reason, place }) => [position, reason, place.split(':').at(-1)]),
    ).toEqual([
      [1, 'malformed', '2'],
      [2, 'malformed', '4'],
      [4, 'missing-field', '6'],
    ]);
  });

  it.each<[string, string]>([
    ['a price of 30 digits', `1,${baseMs},buy,123456789012345678901234567890,1,A`],
    ['__proto__ as symbol', `1,${baseMs},buy,1,1,__proto__`],
    ['a negative size', `1,${baseMs},buy,1,-1,A`],
    ['a negative price', `1,${baseMs},buy,-1,1,A`],
    ['the year 2099', '1,4070908800000,buy,1,1,A'],
  ])('is none where the value is for admission to judge: %s', async (_, line) => {
    const seen = await readLine(line);
    expect(seen.rejects).toEqual([]);
    expect(seen.ticks).toHaveLength(3);
  });

  it('of 10 MB is refused, with its beginning, in bounded memory', async () => {
    const file = path.join(folder.path, 'long.csv');
    const stream = createWriteStream(file);
    stream.write(`${header}\n${row(0)}\n`);
    for (let n = 0; n < 160; n++) stream.write('x'.repeat(65_536));
    stream.write(`\n${row(2)}\n`);
    stream.end('y'.repeat(70_000));
    await finished(stream);
    const seen = await read(file);
    expect(seen.ticks.map(({ position }) => position)).toEqual([0, 2]);
    expect(
      seen.rejects.map(({ position, reason, place, bytes }) => [position, reason, place, bytes.length]),
    ).toEqual([
      [1, 'too-long', `${file}:3`, 65_536],
      [3, 'too-long', `${file}:5`, 65_536],
    ]);
    const rest = await readAll(replayOf({ files: [file] }), { position: 2 });
    expect(rest.ticks.map(({ position }) => position)).toEqual([2]);
    expect(rest.rejects.map(({ position }) => position)).toEqual([3]);
  });

  it('is too long from one byte over its bound on, wherever the reading was cut', async () => {
    const json = (extra: number): string => {
      const text = JSON.stringify({ trade_id: 1, event_time_ms: baseMs, price: 1, size: 1, x: '' });
      return text.replace('""', `"${'x'.repeat(extra - text.length)}"`);
    };
    const filler = (lines: number): string => `${json(200)}\n`.repeat(lines);
    for (const lines of [0, 5_216, 5_217]) {
      // 1 MiB is read at once.
      const text = `${filler(lines)}${json(65_536)}\n${json(65_537)}\n${json(65_536)}`;
      const seen = await read(folder.write('border.ndjson', text));
      expect(
        seen.rejects.map(({ reason, position }) => [reason, position]),
        String(lines),
      ).toEqual([['too-long', lines + 1]]);
      expect(seen.ticks, String(lines)).toHaveLength(lines + 2);
    }
  });

  it('is kept beside others without the batch growing beyond its bound', async () => {
    const text = `${header}\n${`1,${'x'.repeat(60_000)}\n`.repeat(100)}`;
    const seen = await read(folder.write('many.csv', text));
    expect(seen.rejects).toHaveLength(100);
    expect(seen.batchLengths.length).toBeGreaterThan(4);
  });
});
