import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { faultTicks } from '../../support/faults/fault-log.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { csvOf } from '../../support/feeds.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { Program } from '../../support/program.ts';
import { csvOfTrades, trades, type Trade } from '../../support/trade-files.ts';

const seed = seedOfRun();
const symbols = ['BTC-USD', 'ETH-USD', 'SOL-USD'];
const specs = ['1s', '5s', '1m'];
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-produced-'));
const why = whyNoKafka();

function fileOf(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** A message is written now, and no tick of it may be ahead of that. */
const pastMs = 730 * 86_400_000;
const configuration = fileOf('config.yaml', 'name: desk\n');

const quick = ['--set', 'kafka.request_timeout_ms=1000', '--set', 'kafka.connect_timeout_ms=1000'];

describe.skipIf(why !== null)(`what mdp produce has written, seed ${seed}${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
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

  it('makes the same bars as the file does', async () => {
    await kafka.createTopic('bars');
    const ticks = faultTicks({ seed, records: 2_000, venue: 'x' })
      .map((tick) => ({ ...tick, venue: '', eventTimeMs: tick.eventTimeMs - pastMs }));
    const file = fileOf('bars.csv', csvOf(ticks, 'unique').replaceAll(/,$/gm, '').replace(',venue', ''));
    expect(await start(['--file', file, '--topic', 'bars']).ended()).toMatchObject({ code: 0 });
    const daemon = new DaemonProcess({ config: `name: desk
sources:
  - { name: history, type: replay, files: ["${file}"], venue: from-file }
  - { name: topic, type: kafka, topics: [bars], brokers: ["${kafka.bootstrap}"], venue: from-topic }
bars: { specs: [1s, 5s, 1m], out_of_orderness_ms: 500, allowed_lateness_ms: 3000, idle_ms: 3600000 }
` });
    try {
      const address = await daemon.ready();
      await eventually(async () => {
        const { lanes } = await daemon.status<PipelineStatus>();
        return lanes.length === 2 && lanes.every(({ position }) => position === ticks.length);
      });
      await eventually(async () => (await barsOf(address, 'from-topic')).length === (await barsOf(address, 'from-file')).length);
      const bars = await barsOf(address, 'from-file');
      expect(bars.length).toBeGreaterThan(100);
      expect(await barsOf(address, 'from-topic')).toEqual(bars);
      const { ticks: ledger } = await daemon.status<PipelineStatus>();
      expect(ledger.late).toBeGreaterThan(0);
    } finally {
      await daemon.stop();
    }
  });

  /** What is stored of a venue, but how its log begins: a topic is known to begin at its beginning, a file only when told. */
  async function barsOf(address: string, venue: string): Promise<object[]> {
    const pages = symbols.flatMap((symbol) => specs.map(async (spec) => {
      const query = new URLSearchParams({ venue, symbol, spec, limit: '10000', order: 'asc' });
      const page = await (await fetch(`${address.replace(/\/health$/, '')}/api/bars?${query.toString()}`)).json() as { bars: { quality: string }[] };
      return page.bars.map((bar) => ({ symbol, spec, ...bar, quality: bar.quality === 'gap', whole: null }));
    }));
    return (await Promise.all(pages)).flat();
  }

  /** In the order of their ids. */
  async function ticksOf(topic: string): Promise<Trade[]> {
    const read = (await kafka.read(topic)).map(({ value }) => JSON.parse(String(value)) as Trade);
    return read.sort((a, b) => a.trade_id - b.trade_id);
  }
  async function countOf(topic: string): Promise<number> {
    return (await kafka.offsets(topic)).reduce((sum, { end }) => sum + end, 0);
  }

  it('is told when it is interrupted while the brokers are away', async () => {
    await kafka.createTopic('left');
    const program = start(['--file', fileOf('left.csv', csvOfTrades(trades(6_000))), '--topic', 'left', '--rate', '1000', ...quick]);
    await eventually(async () => (await countOf('left')) > 200);
    kafka.freeze();
    await eventually(() => program.error.includes('Waits for Kafka'), 60_000);
    program.signal('SIGINT');
    const { signal, out } = await program.ended();
    kafka.thaw();
    expect(signal).toBe('SIGINT');
    const written = Number(/^Stopped before the end: ([\d,]+) ticks/.exec(out)?.[1].replaceAll(',', ''));
    const there = await ticksOf('left');
    expect(there.length).toBeGreaterThanOrEqual(written);
    expect(there).toEqual(trades(there.length));
  });

  it('is each tick once where the brokers are left alone for a while, and who waits is told of it', async () => {
    await kafka.createTopic('breaker', { partitions: 3 });
    const list = trades(6_000);
    const breaker = ['--set', 'kafka.circuit_breaker.threshold=2', '--set', 'kafka.circuit_breaker.reset_ms=1500'];
    const program = start(['--file', fileOf('breaker.csv', csvOfTrades(list)), '--topic', 'breaker', '--rate', '3000', ...quick, ...breaker]);
    await eventually(async () => (await countOf('breaker')) > 1_000);
    await kafka.stop('clean');
    await eventually(() => program.error.includes('Kafka does not answer yet'), 60_000);
    await kafka.startAgain();
    const { code, out, error } = await program.ended();
    expect(out).toMatch(/^6,000 ticks written/);
    expect(code).toBe(0);
    expect(await ticksOf('breaker')).toEqual(list);
    const told = error.trim().split('\n').map((line) => line.replace(/(?<=^Waits for Kafka: Could not write to the topic "breaker").*/, ''));
    const [left, again] = [/has failed 2 times in a row: it is left alone for 1\.5 s/, /does not answer yet: it is left alone for 1\.5 s/];
    expect(told.slice(0, 2)).toEqual(['Waits for Kafka: Could not write to the topic "breaker"', expect.stringMatching(left)]);
    for (const line of told.slice(2, -1)) expect(line).toMatch(again);
    expect(told.at(-1)).toBe('Kafka answers again.');
  });

  it.each(['kill', 'freeze'] as const)('is each tick once, over a %s of the broker', async (fault) => {
    const topic = `over-${fault}`;
    await kafka.createTopic(topic, { partitions: 2 });
    const list = trades(6_000);
    const program = start(['--file', fileOf(`${topic}.csv`, csvOfTrades(list)), '--topic', topic, '--rate', '3000', ...quick]);
    await eventually(async () => (await countOf(topic)) > 1_000);
    if (fault === 'kill') await kafka.stop('kill');
    else kafka.freeze();
    await eventually(() => program.error.includes('Waits for Kafka: Could not write to the topic'), 60_000);
    if (fault === 'kill') await kafka.startAgain();
    else kafka.thaw();
    const { code, out } = await program.ended();
    expect(out).toMatch(/^6,000 ticks written/);
    expect(code).toBe(0);
    expect(await ticksOf(topic)).toEqual(list);
  });
});
