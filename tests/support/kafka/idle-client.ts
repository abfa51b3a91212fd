import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { Kafka, logLevel } from 'kafkajs';
import { createClient } from '../../../src/kafka/client.ts';

/**
 * `node idle-client.ts HOST:PORT ours|theirs`: connects, does nothing for a second, and prints how often the event loop
 * turned meanwhile and what Node warned of.
 */
const [bootstrap, whose] = process.argv.slice(2);
const values = {
  brokers: [bootstrap], client_id: 'idle', connect_timeout_ms: 5_000, request_timeout_ms: 10_000,
  sasl: { mechanism: 'none', username: null, password: null },
  ssl: { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true },
} as const;
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.name));
const client = whose === 'ours' ? createClient({ values, log: () => {} })
  : new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
const admin = client.admin();
await admin.connect();
await admin.listTopics();
const before = performance.nodeTiming.uvMetricsInfo.loopCount;
await pause(1_000);
const turns = performance.nodeTiming.uvMetricsInfo.loopCount - before;
process.stdout.write(JSON.stringify({ turns, warnings }));
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
await admin.disconnect();
