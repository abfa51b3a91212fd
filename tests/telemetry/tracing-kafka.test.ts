import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { OtlpCollector } from '../support/otlp-collector.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';

const why = whyNoKafka() ?? whyNoPostgres();

/** An example of the standard, https://www.w3.org/TR/trace-context/#traceparent-header. */
const producer = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

describe.skipIf(why !== null)(`messages that belong to a trace${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  let postgres: TestPostgres;
  beforeAll(async () => {
    [kafka, postgres] = await Promise.all([TestKafka.start(), TestPostgres.start()]);
  });
  afterAll(async () => {
    await kafka?.dispose();
    await postgres?.dispose();
  });

  it.each(['bytes', 'kafkajs'])('link their batch to it, by the first message, read as %s', async (readPath) => {
    const topic = `traced-${readPath}`;
    await kafka.createTopic(topic, { partitions: 1 });
    const headersOf = (index: number): [string, string][] => {
      if (index % 10 === 0) return [['other', 'x'], ['traceparent', `00-${producer.traceId}-${producer.spanId}-01`]];
      return index % 10 === 1 ? [['traceparent', 'not one']] : [];
    };
    // In batches of five the first of every other one has a trace; of the rest none has at its first message.
    await kafka.produce(topic, Array.from({ length: 40 }, (_, index) => ({
      partition: 0, headers: headersOf(index),
      value: JSON.stringify({ symbol: 'A', price: 1, size: 1, event_time_ms: 1_700_000_000_000 + index * 1_000, trade_id: index, side: 'buy' }),
    })));
    const collector = await OtlpCollector.start();
    const source = {
      name: topic, type: 'kafka', topics: [topic], brokers: [kafka.bootstrap], group_id: topic, session_timeout_ms: 1_000,
      batch_ticks: 5, read_path: readPath,
    };
    const daemon = new DaemonProcess({
      config: JSON.stringify({ name: 'test', sources: [source], bars: { specs: ['1s'] } }), // JSON is YAML.
      environment: {
        DATABASE_URL: postgres.url({ database: await postgres.createDatabase(false) }), PIPELINE_ENABLE_TRACING: 'true',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    try {
      await eventually(() => collector.named('source').reduce((sum, span) => sum + Number(span.attributes['mdp.ticks']), 0) === 40);
      const linked = collector.named('source').toSorted((a, b) => Number(a.attributes['mdp.position']) - Number(b.attributes['mdp.position']))
        .map(({ attributes, links }) => [attributes['mdp.position'], links.map(({ traceId, spanId }) => ({ traceId, spanId }))]);
      expect(linked).toEqual(Array.from({ length: 8 }, (_, n) => [(n + 1) * 5, n % 2 === 0 ? [producer] : []]));
    } finally {
      await daemon.stop();
      await collector.close();
    }
  });
});
