import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { freePort } from '../support/postgres.ts';
import { Program, type Answer } from '../support/program.ts';
import { csvOfTrades, trades, tradeSymbols, type Trade } from '../support/trade-files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mdp-produce-'));
function fileOf(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

const configuration = fileOf('config.yaml', 'name: desk\n');
const why = whyNoKafka();

describe.skipIf(why !== null)(`mdp produce${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start();
  });
  afterAll(async () => {
    await kafka.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: readonly string[]): Program =>
    new Program(['produce', '--config-file', configuration, ...args], { KAFKA_BROKERS: kafka.bootstrap });
  const produce = (...args: readonly string[]): Promise<Answer> => start(args).ended();
  /** The ticks of a topic partition by partition, as Kafka's own consumer reads them. */
  async function ticksOf(topic: string): Promise<Trade[]> {
    return (await kafka.read(topic)).map(({ value }) => JSON.parse(String(value)) as Trade);
  }
  const byId = (list: readonly Trade[]): Trade[] => [...list].sort((a, b) => a.trade_id - b.trade_id);
  async function countOf(topic: string): Promise<number> {
    return (await kafka.offsets(topic)).reduce((sum, { end }) => sum + end, 0);
  }

  it('writes each tick of a file as a message, in order, where Kafka\'s own producer would put its symbol', async () => {
    const list = trades(9_000);
    await kafka.createTopic('plain', { partitions: 4 });
    await kafka.createTopic('theirs', { partitions: 4 });
    const answer = await produce('--file', fileOf('plain.csv', csvOfTrades(list)), '--topic', 'plain');
    expect(answer).toMatchObject({ code: 0, error: '' });
    expect(answer.out).toMatch(/^9,000 ticks written to plain \(4 partitions\) in \d+\.\d s, [\d,]+ ticks\/s\.\n$/);
    const records = await kafka.read('plain');
    expect(byId(await ticksOf('plain'))).toEqual(list);
    await kafka.produce('theirs', tradeSymbols.map((symbol) => ({ key: symbol, value: '' })));
    const theirs = new Map((await kafka.read('theirs')).map(({ key, partition }) => [String(key), partition]));
    for (const [index, { key, partition, value }] of records.entries()) {
      const { symbol, trade_id: id } = JSON.parse(String(value)) as Trade;
      const before = records[index - 1];
      if (before?.partition === partition) expect((JSON.parse(String(before.value)) as Trade).trade_id).toBeLessThan(id);
      expect([String(key), partition]).toEqual([symbol, theirs.get(symbol)]);
    }
  });

  it('reads what a replay source reads: several files, compressed, with other names, and its own settings', async () => {
    await kafka.createTopic('kinds');
    const [first, second] = [trades(100), trades(200).slice(100)];
    const theirs = second.map(({ trade_id, event_time_ms, side, price, size, symbol }) =>
      ({ id: trade_id, event_time_ms: event_time_ms * 1_000, side, p: price, size, symbol }));
    fileOf('kinds.csv.gz', gzipSync(csvOfTrades(first)));
    fileOf('kinds.jsonl.zst', zstdCompressSync(theirs.map((tick) => `${JSON.stringify(tick)}\n`).join('')));
    expect(await produce('--file', path.join(folder, 'kinds.csv.gz'), '--venue', 'binance', '--topic', 'kinds')).toMatchObject({ code: 0 });
    const mapped = ['--field', 'trade_id=id', '--field', 'price=p', '--field', 'event_time=event_time_ms', '--event-time-unit', 'us'];
    const zstd = path.join(folder, 'kinds.jsonl.zst');
    expect(await produce('--file', zstd, '--topic', 'kinds', ...mapped)).toMatchObject({ code: 0 });
    const fields = 'fields: { trade_id: id, price: p, event_time: event_time_ms }, event_time_unit: us';
    const overlay = fileOf('overlay.yaml', `sources: [{ name: odd, type: replay, files: [x], venue: kraken, ${fields} }]\n`);
    expect(await produce('--file', zstd, '--topic', 'kinds', '--source', 'odd', '--config', overlay)).toMatchObject({ code: 0 });
    expect(await ticksOf('kinds')).toEqual([
      ...first.map((tick) => ({ ...tick, venue: 'binance' })), ...second, ...second.map((tick) => ({ ...tick, venue: 'kraken' })),
    ]);
  });

  it('leaves out what no tick can be read from, and says so', async () => {
    await kafka.createTopic('bad');
    const answer = await produce('--file', fileOf('bad.csv', `${csvOfTrades(trades(2))}oops\n7,x,buy,1,1,BTC\n`), '--topic', 'bad');
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(/^2 ticks written.*\n2 records left out, .*: malformed 1, bad-time 1\. The first is .*bad\.csv:4: .*\n$/);
    expect(await countOf('bad')).toBe(2);
  });

  it('keeps to its rate, and ends behind what it has written when it is interrupted', async () => {
    await kafka.createTopic('paced', { partitions: 2 });
    const program = start(['--file', fileOf('paced.csv', csvOfTrades(trades(5_000))), '--topic', 'paced', '--rate', '100']);
    await eventually(async () => (await countOf('paced')) > 100);
    program.signal('SIGINT');
    const { signal, out } = await program.ended();
    expect(signal).toBe('SIGINT');
    const written = Number(/^Stopped before the end: ([\d,]+) ticks/.exec(out)?.[1].replaceAll(',', ''));
    expect(written).toBeLessThan(5_000);
    expect(byId(await ticksOf('paced'))).toEqual(trades(written));
    const times = (await kafka.read('paced')).map(({ timestampMs }) => timestampMs);
    const leastMs = (written - 20) * 10; // Ten came at once, and the last ten are told when they are sent.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(leastMs - 100);
  });

  it('gives up on brokers that stay away, in words', async () => {
    const program = new Program(
      ['produce', '--config-file', configuration, '--file', fileOf('away.csv', csvOfTrades(trades(1))), '--topic', 'away', '--wait', '3'],
      { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
    const { code, error } = await program.ended();
    expect(error).toMatch(/^Waits for Kafka: .*\nkafka-unreachable: Could not write to the topic "away" at Kafka .* Waited for \d+ s\./);
    expect(code).toBe(8);
  });

  it('asks for a topic that is not there', async () => {
    const { code, error } = await produce('--file', fileOf('missing.csv', csvOfTrades(trades(1))), '--topic', 'missing');
    expect(error).toMatch(/^kafka-refused: There is no topic "missing"/);
    expect(code).toBe(8);
  });

  it.each([
    [['--topic', 'plain'], 2, /--file/],
    [['--file', 'a.csv'], 2, /--topic/],
    [['--file', 'a.csv', '--topic', 'plain', '--rate', '0'], 2, /above 0/],
    [['--file', 'a.csv', '--topic', 'plain', '--field', 'price'], 2, /not like price=p/],
    [['--file', 'a.csv', '--topic', 'plain', '--source', 'x'], 2, /no replay source "x"/],
    [['--file', '/nowhere/a.csv', '--topic', 'plain'], 5, /source-unreadable: .*\/nowhere\/a\.csv/],
  ] as const)('refuses %j', async (args, code, says) => {
    const answer = await produce(...args);
    expect(answer.error).toMatch(says);
    expect(answer.code).toBe(code);
  });
});
