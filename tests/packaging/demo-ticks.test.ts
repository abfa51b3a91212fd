import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { root } from './files.ts';

const why = whyNoKafka();

describe.skipIf(why !== null)(`the producer of docker-compose.yaml${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => { kafka = await TestKafka.start(); });
  afterAll(() => kafka.dispose());

  it('writes ticks of now to the topic, each symbol to one partition, until it is stopped', async () => {
    await kafka.createTopic('demo', { partitions: 4 });
    const startedMs = Date.now();
    const env = { PATH: process.env['PATH'], KAFKA_BROKERS: kafka.bootstrap };
    const args = [path.join(root, 'scripts/demo-ticks.ts'), '--topic', 'demo'];
    const producer = spawn(process.execPath, args, { cwd: root, env });
    let words = '';
    producer.stderr.on('data', (chunk: Buffer) => { words += chunk.toString(); });
    const written = async () => (await kafka.offsets('demo')).reduce((sum, { end }) => sum + end, 0);
    try {
      await eventually(async () => producer.exitCode !== null || (await written()) > 2_000);
    } finally {
      producer.kill('SIGTERM');
    }
    const [code] = producer.exitCode === null ? await once(producer, 'exit') : [producer.exitCode];
    expect(code, words).toBe(0);
    const records = await kafka.read('demo');
    expect(words).toContain(`${records.length} ticks were written.`);
    const partitions = new Map<string, Set<number>>();
    for (const { key, value, partition } of records) {
      const tick = JSON.parse(String(value)) as { symbol: string; event_time_ms: number };
      expect(String(key)).toBe(tick.symbol);
      partitions.set(tick.symbol, (partitions.get(tick.symbol) ?? new Set()).add(partition));
      const isOfNow = tick.event_time_ms >= startedMs && tick.event_time_ms <= Date.now();
      expect(isOfNow, String(value)).toBe(true);
    }
    expect([...partitions.values()].every((places) => places.size === 1)).toBe(true);
    expect(new Set([...partitions.values()].flatMap((places) => [...places]))).toEqual(new Set([0, 1, 2, 3]));
  });
});
