import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLetterTopics } from '../../../src/commands/dead-letter-topics.ts';
import { loadConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/lifecycle.ts';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { temporaryFiles } from '../../support/config-files.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka, type WrittenRecord } from '../../support/kafka.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mdp-letter-topic-'));
const noonMs = Date.UTC(2024, 0, 1, 12);
const sentAtMs = Date.UTC(2024, 0, 1, 13);
const why = whyNoKafka();
const file = temporaryFiles();

function tick(id: number, second: number, values: object = {}): string {
  const times = { trade_id: id, event_time_ms: noonMs + second * 1_000 };
  return JSON.stringify({ ...times, side: 'buy', price: 100, size: 1, symbol: 'BTC', ...values });
}

describe.skipIf(why !== null)(`a topic for dead letters${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start();
  });
  afterAll(async () => {
    await kafka.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const configOf = (name: string, keys = ''): string => `name: desk
sources:
  - { name: ${name}, type: kafka, topics: [${name}], brokers: ["${kafka.bootstrap}"], group_id: ${name}, session_timeout_ms: 1000,
      dead_letter_topic: ${name}-letters${keys} }
bars: { specs: [1s], out_of_orderness_ms: 0 }
checkpoint: { interval_ms: 1000 }
sink: { deadline_ms: 1000, retry: { max_ms: 500 }, circuit_breaker: { reset_ms: 500 } }
`;
  const headersOf = ({ headers }: WrittenRecord): Map<string, Buffer> => new Map(headers.map(([key, value]) => [key, value]));
  const letters = (name: string): Promise<WrittenRecord[]> => kafka.read(`${name}-letters`);
  const positionOf = async (running: DaemonProcess): Promise<number | null> =>
    (await running.status<PipelineStatus>()).lanes[0]?.checkpoint.position ?? null;

  it.each(['bytes', 'kafkajs'])('has the message as it was, and says why, to several tools, read as %s', async (readPath) => {
    const name = `plain-${readPath}`;
    await kafka.createTopic(name, { partitions: 2 });
    await kafka.createTopic(`${name}-letters`, { partitions: 2 });
    await kafka.produce(name, [
      { partition: 1, key: 'BTC', value: tick(1, 0) },
      { partition: 1, key: 'k', value: '{"oops', headers: [['trace', 'a1'], ['trace', 'a2']], timestampMs: sentAtMs },
      { partition: 1, key: null, value: null }, { partition: 1, key: 'BTC', value: tick(2, 1, { size: 0 }) },
      { partition: 1, key: 'L', value: `"${'x'.repeat(700_000)}` }, { partition: 1, key: 'BTC', value: tick(3, 2) },
    ]);
    const daemon = new DaemonProcess({ config: configOf(name, `, read_path: ${readPath}`) });
    try {
      await eventually(async () => (await letters(name)).length === 4);
      const byOffset = new Map((await letters(name)).map((one) => [String(headersOf(one).get('__connect.errors.offset')), one]));
      const [broken, tombstone, refused, long] = ['1', '2', '3', '4'].map((offset) => byOffset.get(offset)!);
      expect([String(broken.key), String(broken.value)]).toEqual(['k', '{"oops']);
      expect(broken.headers.filter(([key]) => key === 'trace').map(([, value]) => String(value))).toEqual(['a1', 'a2']);
      const headers = headersOf(broken);
      const texts = [
        '__connect.errors.topic', '__connect.errors.partition', '__connect.errors.offset', 'kafka_dlt-original-topic', 'mdp.lane',
        'mdp.generation', 'mdp.position', 'mdp.counter', 'mdp.reason', 'mdp.value',
      ].map((key) => String(headers.get(key)));
      expect(texts).toEqual([name, '1', '1', name, `desk/${name}/${name}/1`, '1', '1', '0', 'malformed', 'message']);
      expect(String(headers.get('__connect.errors.exception.message'))).toMatch(/no JSON|not JSON/);
      expect(headers.get('kafka_dlt-original-partition')!.readInt32BE()).toBe(1);
      expect(headers.get('kafka_dlt-original-offset')!.readBigInt64BE()).toBe(1n);
      expect(headers.get('kafka_dlt-original-timestamp')!.readBigInt64BE()).toBe(BigInt(sentAtMs));
      expect([tombstone.key, tombstone.value]).toEqual([null, null]);
      expect(String(headersOf(refused).get('mdp.value'))).toBe('tick');
      expect(JSON.parse(String(refused.value))).toMatchObject({ symbol: 'BTC', size: 0, tradeId: 2 });
      expect(long.value).toEqual(Buffer.from(`"${'x'.repeat(524_287)}`));
      expect(String(headersOf(long).get('mdp.value'))).toBe('beginning');
    } finally {
      await daemon.stop();
    }
  });

  it('holds the position back until the letter is safe: after a crash it is read again from before it', async () => {
    const name = 'waiting';
    const dataDir = path.join(folder, 'data');
    await kafka.createTopic(name);
    await kafka.createTopic(`${name}-letters`);
    await kafka.produce(name, [{ key: 'BTC', value: tick(1, 0) }]);
    const died = new DaemonProcess({ config: configOf(name), dataDir });
    await eventually(async () => (await positionOf(died)) === 1);
    await kafka.deleteTopic(`${name}-letters`);
    await kafka.produce(name, [{ key: 'x', value: 'oops' }, { key: 'BTC', value: tick(2, 1) }]);
    await eventually(async () => (await died.status<PipelineStatus>()).sink.retries > 1);
    const { sink, lanes } = await died.status<PipelineStatus>();
    expect(sink.problem).toContain(`${name}-letters`);
    expect(lanes[0]).toMatchObject({ position: 3, checkpoint: { position: 1 } });
    await died.stop('SIGKILL');
    await kafka.createTopic(`${name}-letters`);
    const restarted = new DaemonProcess({ config: configOf(name), dataDir });
    try {
      await eventually(async () => (await positionOf(restarted)) === 3);
      expect(restarted.log).toContain('at position 1');
      expect(new Set((await letters(name)).map(({ value }) => String(value)))).toEqual(new Set(['oops']));
    } finally {
      await restarted.stop();
    }
  });

  it('is not one of those that are read', () => {
    const config = loadConfig({ file: file('loop.yaml', configOf('loop').replace('loop-letters', 'loop')), environment: {} }).config;
    const without = loadConfig({ file: file('none.yaml', configOf('none').replace('none-letters', '""')), environment: {} }).config;
    expect(deadLetterTopics(without, systemClock)).toEqual([]);
    expect(() => deadLetterTopics(config, systemClock)).toThrow(/dead_letter_topic "loop" is one of the topics that it reads/);
  });
});
