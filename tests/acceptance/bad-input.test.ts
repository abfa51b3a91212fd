import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsImbalance, ticksImbalance, type PipelineStatus } from '../../src/model/status.ts';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { TestEmbedded } from '../support/embedded.ts';
import { storedTable } from '../support/stored-table.ts';

const noonMs = Date.UTC(2024, 0, 1, 12);
const header = 'trade_id,event_time_ms,side,price,size,symbol';

/** A line that no fault is found with, unless a field is given. */
function line(id: number, fields: Partial<Record<'at' | 'side' | 'price' | 'size' | 'symbol', string>> = {}): string {
  const { at = String(noonMs + id * 1_000), side = 'buy', price = '100', size = '1', symbol = 'GOOD' } = fields;
  return [id, at, side, price, size, symbol].join(',');
}

/** A bad record of lines.csv: what it is, its line, and the reason under which it is counted. */
interface BadRecord {
  readonly what: string;
  readonly text: string | Buffer;
  readonly reason: string;
}

const badRecords: readonly BadRecord[] = [
  { what: 'NaN for a price', text: line(100, { price: 'NaN' }), reason: 'bad-price' },
  { what: '1e400 for a price', text: line(101, { price: '1e400' }), reason: 'bad-price' },
  { what: 'a price of 0', text: line(102, { price: '0' }), reason: 'bad-price' },
  { what: 'NaN for a size', text: line(103, { size: 'NaN' }), reason: 'bad-size' },
  { what: 'a negative size', text: line(104, { size: '-1' }), reason: 'bad-size' },
  { what: 'a size of 0', text: line(105, { size: '0' }), reason: 'bad-size' },
  { what: 'an infinite size', text: line(106, { size: 'Infinity' }), reason: 'bad-size' },
  { what: 'a side that is none', text: line(107, { side: 'maybe' }), reason: 'bad-side' },
  { what: 'a time in seconds', text: line(108, { at: String(noonMs / 1_000) }), reason: 'bad-time' },
  { what: 'a time in nanoseconds', text: line(109, { at: `${noonMs}000000` }), reason: 'bad-time' },
  { what: 'no time', text: line(110, { at: 'noon' }), reason: 'bad-time' },
  { what: 'no symbol', text: line(111, { symbol: '' }), reason: 'bad-symbol' },
  { what: 'invalid UTF-8', text: Buffer.from(line(112, { symbol: '\xff\xfe' }), 'latin1'), reason: 'bad-symbol' },
  { what: 'no id', text: line(113).replace('113', ''), reason: 'bad-trade-id' },
  { what: 'too few fields', text: '114,1,buy', reason: 'malformed' },
  { what: 'a line of 10 MB', text: `115,${'9'.repeat(10_000_000)}`, reason: 'too-long' },
  { what: 'the year 2099', text: line(116, { at: String(Date.UTC(2099, 0, 1)) }), reason: 'time-jump' },
];

const reasons = [...new Set(badRecords.map(({ reason }) => reason))];

/** A source that cannot be read (on): the code it fails with, and what the log must say, the file first. */
interface BrokenSource {
  readonly source: string;
  readonly file: string;
  readonly bytes: Buffer | null;
  readonly code: string;
  readonly says: RegExp;
  /** More than so many ticks come before the fault. */
  readonly ticks: number;
}

const broken: readonly BrokenSource[] = [
  {
    source: 'missing', file: 'missing.csv', bytes: null,
    code: 'source-unreadable', says: /missing\.csv.*ENOENT/, ticks: 0,
  },
  {
    source: 'cut', file: 'cut.csv.gz', bytes: gzipSync(manyLines(20_000)).subarray(0, 60_000),
    code: 'source-failed', says: /cut\.csv\.gz:\d+.*unexpected end of file/, ticks: 1_000,
  },
  {
    source: 'columns', file: 'columns.csv', bytes: Buffer.from('id,when,what\n1,2,3\n'), code: 'source-malformed',
    says: /columns\.csv: the header is "id,when,what"/, ticks: 0,
  },
  {
    source: 'seconds', file: 'seconds.csv', bytes: Buffer.from(`${header}\n${line(1, { at: '1704110400' })}\n`),
    code: 'source-malformed', says: /seconds\.csv:2: .*set event_time_unit to s/, ticks: 0,
  },
  {
    source: 'nanoseconds', file: 'nanoseconds.csv', code: 'source-malformed',
    bytes: Buffer.from(`${header}\n${line(1, { at: `${noonMs}000000` })}\n`),
    says: /nanoseconds\.csv:2: .*set event_time_unit to ns/, ticks: 0,
  },
];

const longPrice = '1.23456789012345678901234567890';

/** A file that is odd and can be read: how many trades of which symbol it holds. */
interface OddSource {
  readonly source: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly symbol: string;
  readonly trades: number;
  readonly close?: number;
}

const odd: readonly OddSource[] = [
  { source: 'empty', file: 'empty.csv', bytes: Buffer.alloc(0), symbol: 'NONE', trades: 0 },
  {
    source: 'windows', file: 'windows.csv', symbol: 'CRLF', trades: 2,
    bytes: Buffer.from(`\uFEFF${header}\r\n${line(1, { symbol: 'CRLF' })}\r\n${line(2, { symbol: 'CRLF' })}\r\n`),
  },
  {
    source: 'digits', file: 'digits.csv', symbol: 'LONG', trades: 1, close: Number(longPrice),
    bytes: Buffer.from(`${header}\n${line(1, { symbol: 'LONG', price: longPrice })}\n`),
  },
  {
    source: 'prototype', file: 'prototype.csv', symbol: '__proto__', trades: 2,
    bytes: Buffer.from(`${header}\n${line(1, { symbol: '__proto__' })}\n${line(2, { symbol: '__proto__' })}\n`),
  },
];

function manyLines(count: number): string {
  let text = `${header}\n`;
  for (let id = 0; id < count; id++) {
    text += `${line(id, { symbol: 'CUT', price: String(100 + ((id * 7_919) % 1_000) / 100) })}\n`;
  }
  return text;
}

describe('bad input', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-bad-input-'));
  const goodIds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  let embedded: TestEmbedded;
  let database: Database;
  let daemon: DaemonProcess;
  let status: PipelineStatus;

  const logLines = (): Record<string, string>[] =>
    daemon.log.trimEnd().split('\n').map((text): Record<string, string> => JSON.parse(text));
  const laneOf = (source: string): PipelineStatus['lanes'][number] =>
    status.lanes.find((lane) => lane.source === source)!;

  /** Looks at the status until every file is over and nothing is on its way; the ledgers balance at each look. */
  async function settled(): Promise<PipelineStatus> {
    for (;;) {
      const now = await daemon.status<PipelineStatus>();
      expect([ticksImbalance(now.ticks), rowsImbalance(now.rows)]).toEqual([0, 0]);
      const files = now.sources.filter(({ name }) => name !== 'demo');
      const isOver = files.every(({ state }) => state === 'ended' || state === 'failed');
      const lanes = now.lanes.filter(({ source }) => source !== 'demo');
      if (isOver && now.rows.inFlight === 0 && lanes.every(({ ticks }) => ticks.inFlight === 0)) return now;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeAll(async () => {
    const write = (name: string, bytes: Buffer): void => writeFileSync(path.join(directory, name), bytes);
    for (const { file, bytes } of broken) if (bytes !== null) write(file, bytes);
    for (const { file, bytes } of odd) write(file, bytes);
    // Good lines on both sides of the bad ones: nothing of them may be lost.
    const good = goodIds.map((id) => line(id));
    const texts = [header, ...good.slice(0, 5), ...badRecords.map(({ text }) => text), ...good.slice(5)];
    write('lines.csv', Buffer.concat(texts.flatMap((text) => [Buffer.from(text), Buffer.from('\n')])));
    embedded = await TestEmbedded.start();
    database = embedded.connect();
    const files = [...broken, ...odd, { source: 'lines', file: 'lines.csv' }];
    const replays = files.map(({ source, file }) => (
      { name: source, type: 'replay', files: [path.join(directory, file)], venue: source, complete: true }));
    const demo = { name: 'demo', type: 'synthetic', ticks_per_second: 100 };
    daemon = new DaemonProcess({
      config: JSON.stringify({ name: 'test', sources: [demo, ...replays], bars: { specs: ['1m'] } }), // JSON is YAML.
      environment: { DATABASE_URL: embedded.url },
    });
    status = await settled();
  });

  afterAll(async () => {
    await daemon.stop();
    await embedded.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(broken)('in a source ($source) fails that source alone, with $code and the file', (one) => {
    const { source, code, says, ticks } = one;
    expect(status.sources.find(({ name }) => name === source)).toMatchObject({ state: 'failed' });
    const lines = logLines().filter((entry) => entry['source'] === source && entry['level'] === 'error');
    expect(lines.map((entry) => entry['code'])).toEqual([code]);
    expect(lines[0]['msg']).toMatch(says);
    if (ticks > 0) expect(laneOf(source).ticks.aggregated).toBeGreaterThan(ticks);
  });

  it.each(odd)('that is only odd ($source) is read', async ({ source, symbol, trades, close }) => {
    expect(status.sources.find(({ name }) => name === source)).toMatchObject({ state: 'ended', items: trades });
    const bars = await storedTable(database, [source]);
    expect(bars.map((bar) => [bar.symbol, bar.trades])).toEqual(trades === 0 ? [] : [[symbol, trades]]);
    if (close !== undefined) expect(bars[0].close).toBe(close);
  });

  it('with more digits than a double holds is counted as inexact', () => {
    expect(status.sources.find(({ name }) => name === 'digits')!.inexact).toBe(1);
  });

  it.each(reasons)('in a record is counted as %s', (reason) => {
    const records = badRecords.filter((record) => record.reason === reason);
    expect(laneOf('lines').ticks.rejected[reason], records.map(({ what }) => what).join(', ')).toBe(records.length);
  });

  it('in records takes nothing from the good ones around it', async () => {
    const { ticks } = laneOf('lines');
    expect(ticks).toMatchObject({ received: goodIds.length + badRecords.length, aggregated: goodIds.length, held: 0 });
    expect(await storedTable(database, ['lines'])).toMatchObject([
      { symbol: 'GOOD', trades: goodIds.length, volume: goodIds.length },
    ]);
  });

  it.each(reasons)('of the kind %s is logged once, with file and line', (reason) => {
    const first = badRecords.findIndex((record) => record.reason === reason);
    const lines = logLines().filter((entry) => entry['source'] === 'lines' && entry['reason'] === reason);
    expect(lines.map((entry) => entry['place'])).toEqual([`${path.join(directory, 'lines.csv')}:${first + 7}`]);
  });

  it('is kept as dead letters, with its bytes', async () => {
    const { rows } = await database.query<{ reason: string; count: number; short: boolean }>({ deadlineMs: 10_000 }, `
      SELECT reason, count(*)::integer AS count, max(length(bytes)) <= 65536 AS short FROM dead_letters
       WHERE lane = 'test/lines' GROUP BY reason ORDER BY reason`);
    const wanted = Map.groupBy(badRecords, ({ reason }) => reason);
    expect(rows).toEqual([...wanted].map(([reason, { length }]) => ({ reason, count: length, short: true }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1)));
  });

  it('leaves the daemon alive: other sources go on, and health names those that failed', async () => {
    const ticksOfDemo = (now: PipelineStatus): number => now.lanes.find(({ source }) => source === 'demo')!.ticksIn;
    const before = ticksOfDemo(status);
    while (ticksOfDemo(await daemon.status<PipelineStatus>()) <= before) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const address = await daemon.ready();
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
    const health = await (await fetch(`${address}/health`)).text();
    for (const { source } of broken) expect(health).toContain(source);
  });
});
