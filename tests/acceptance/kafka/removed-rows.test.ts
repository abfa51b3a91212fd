import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../src/postgres.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { TopicReader } from '../../support/topic-reader.ts';

const why = whyNoPostgres() ?? whyNoKafka();
const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);

/** A tick of one of five symbols every 100 ms. */
function csv(ticks: number, without = ''): string {
  const lines = Array.from({ length: ticks }, (_, n) => ({ n, symbol: `S${n % 5}` })).filter(({ symbol }) => symbol !== without)
    .map(({ n, symbol }) => `${n},${startMs + n * 100},buy,${100 + (n % 17)},1,${symbol}`);
  return `trade_id,event_time_ms,side,price,size,symbol\n${lines.join('\n')}\n`;
}

describe.skipIf(why !== null)(`rows that a rebuild removes${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-removed-'));
  const file = path.join(directory, 'trades.csv');
  const readers: TopicReader[] = [];
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let database: Database;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(), TestKafka.start()]);
    database = new Database({
      url: postgres.url(), applicationName: 'test', clientsMax: 2, connectTimeoutMs: 5_000, statementTimeoutMs: 30_000,
      idleInTransactionTimeoutMs: 30_000,
    });
    for (const topic of ['bars', 'rsi']) await kafka.createTopic(topic, { partitions: 2 });
  });
  afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.stop())));
  afterAll(async () => {
    await database.close();
    await Promise.all([kafka.dispose(), postgres.dispose()]);
    rmSync(directory, { recursive: true, force: true });
  });

  async function run(...flags: readonly string[]): Promise<void> {
    const daemon = new DaemonProcess({
      config: JSON.stringify({
        name: 'test', bars: { specs: ['1s', '10s'] }, indicators: { specs: ['rsi(14)@1s'] }, checkpoint: { interval_ms: 100 },
        sink: { kafka: { bars_topic: 'bars', indicator_topics: ['rsi=rsi'] } },
        sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max', complete: true }],
      }),
      environment: { DATABASE_URL: postgres.url(), KAFKA_BROKERS: kafka.bootstrap }, args: ['--until-end', ...flags],
    });
    expect(await daemon.stop('SIGCONT'), daemon.log).toBe(0);
  }
  const keyOf = (row: Record<string, unknown>): string =>
    [row.symbol, row.bar_spec, row.indicator ?? '', row.open_time, row.close_time, row.generation, row.position].join(' ');
  async function tableOf(name: 'bars' | 'indicators'): Promise<string[]> {
    const { rows } = await database.query<Record<string, unknown>>(limit, `
      SELECT symbol, bar_spec, ${name === 'bars' ? 'NULL' : 'indicator'} AS indicator, generation, position,
             (extract(epoch FROM open_time) * 1000)::double precision AS open_time,
             (extract(epoch FROM close_time) * 1000)::double precision AS close_time FROM ${name}`);
    return rows.map(keyOf).sort();
  }
  async function readerOf(topic: string): Promise<TopicReader> {
    const reader = await TopicReader.start(kafka.bootstrap, topic);
    readers.push(reader);
    return reader;
  }
  async function sameAs(table: readonly string[], reader: TopicReader): Promise<void> {
    const kept = async (): Promise<string[]> => (await reader.rows()).map(keyOf).sort();
    await eventually(async () => (await kept()).join() === table.join()).catch(async () => expect(await kept()).toEqual(table));
  }

  it('are gone for readers of their topics too, who have read all along as well as who begins now', async () => {
    const along = { bars: await readerOf('bars'), rsi: await readerOf('rsi') };
    writeFileSync(file, csv(3_000));
    await run();
    const before = { bars: await tableOf('bars'), rsi: await tableOf('indicators') };
    await sameAs(before.bars, along.bars);
    await sameAs(before.rsi, along.rsi);
    writeFileSync(file, csv(2_500, 'S3'));
    await run('--rebuild', 'test/history');
    const after = { bars: await tableOf('bars'), rsi: await tableOf('indicators') };
    for (const what of ['bars', 'rsi'] as const) {
      expect(after[what].length).toBeGreaterThan(500);
      expect(before[what].length - after[what].length).toBeGreaterThan(400); // All of S3, and the last 50 s.
      await sameAs(after[what], along[what]);
      await sameAs(after[what], await readerOf(what));
    }
    const removed = (await kafka.read('bars')).map(({ key, value }) => ({ key: String(key), row: JSON.parse(String(value)) as Record<string, unknown> }))
      .filter(({ row }) => row.removed === true);
    expect(removed.find(({ key, row }) => key === 'S3' && row.bar_spec === '10s' && row.open_time === startMs)?.row).toEqual({
      lane: 'test/history', venue: 'v', symbol: 'S3', bar_spec: '10s', open_time: startMs, bar_index: 0, close_time: startMs + 10_000,
      removed: true, whole: true, generation: 2, position: expect.any(Number) as unknown, state: 2,
    });
  });

  it('are back for readers once a later telling has them, whole or not; older ones that come late change nothing', async () => {
    await kafka.createTopic('again');
    const reader = await readerOf('again');
    const row = { lane: 'test/history', venue: 'v', symbol: 'S3', bar_spec: '1s', open_time: startMs, bar_index: 0, close_time: startMs + 1_000 };
    const tell = async (what: object): Promise<unknown> => kafka.produce('again', [{ key: 'S3', value: JSON.stringify({ ...row, ...what }) }]);
    await tell({ whole: true, generation: 1, position: 700, state: 3 });
    await tell({ removed: true, whole: true, generation: 2, position: 500, state: 2 });
    await tell({ whole: true, generation: 1, position: 900, state: 3 });
    await tell({ ...row, symbol: 'mark', whole: true, generation: 1, position: 0, state: 3 });
    await eventually(async () => (await reader.rows()).some(({ symbol }) => symbol === 'mark'));
    expect(await reader.rows()).toHaveLength(1);
    await tell({ whole: false, generation: 3, position: 10, state: 3 });
    await sameAs([{ ...row, generation: 3, position: 10 }, { ...row, symbol: 'mark', generation: 1, position: 0 }].map(keyOf).sort(), reader);
  });
});
