import type { settingsTree } from './schema.ts';
import type { SettingsTree } from './tree.ts';

type SectionsOf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends { readonly type: string } ? never
    : `${Prefix}${K}` | (T[K] extends SettingsTree ? SectionsOf<T[K], `${Prefix}${K}.`> : never);
}[keyof T & string];

/** What each section of the configuration is about, for the reference and for config.yaml. */
export const sectionDocs: Readonly<Record<SectionsOf<typeof settingsTree>, string>> = {
  'bars': 'Which bars are made, and when they close.',
  'indicators': 'What is computed from closed bars.',
  'alerts': 'Rules on bars, and who is called when one is met.',
  'pacing': 'How fast sources that can be paused may read.',
  'pacing.budget': 'A token bucket for each source; a source can have its own.',
  'queues': 'What waits between the stages. Every queue has a bound.',
  'pipeline': 'How rows are put together into batches.',
  'sink': 'Where rows go.',
  'sink.kafka': 'Topics of Kafka (at kafka.brokers) to which rows go as well.',
  'sink.retry': 'Waits before attempts at a batch: random, up to min(max_ms, base_ms · multiplier^(n − 1)).',
  'sink.circuit_breaker': 'When a database that refuses is left alone for a while.',
  'checkpoint': 'What is saved for the next start.',
  'dead_letters': 'Records and rows that could not be used.',
  'store': 'The database. Without a URL the embedded TimescaleDB is started.',
  'embedded': 'The embedded TimescaleDB, for trying things out; never for production.',
  'kafka': 'Defaults of every source and sink of type kafka.',
  'kafka.sasl': 'How to log in to the brokers.',
  'kafka.ssl': 'How to encrypt the way to the brokers.',
  'kafka.circuit_breaker': 'When brokers that do not take what is written are left alone for a while.',
  'kafka.topic_stats': 'Figures per topic.',
  'kafka.recent_messages': 'The last messages of each topic, for people who look.',
  'kafka.watchdog': 'What ends a process whose consumer does not read any more.',
  'server': 'The HTTP server: health, metrics, queries.',
  'stream': 'The live stream: bars while they form, prices, trades, alerts.',
  'telemetry': 'Metrics and traces.',
  'log': 'What is written to standard error.',
  'shutdown': 'How the program ends.',
  'watchdog': 'What ends a process whose event loop stands still.',
  'crash_reports': 'What a process that ends by a fault leaves behind.',
  'faults': 'How the program is made to fail, for tests of itself. Leave all of it empty.',
};
