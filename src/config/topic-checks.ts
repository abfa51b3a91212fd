import { MdpError } from '../errors.ts';
import { readIndicatorTopics } from '../sinks/kafka/settings.ts';
import type { Judged } from './cross-checks.ts';
import { shown } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Config } from './schema.ts';

/** A topic that rows are written to, and the key that says so. */
interface WrittenTopic {
  readonly key: string;
  readonly what: string;
  readonly topic: string;
}

/** Topics that rows are written to: each has a name, brokers, and nobody here who reads it as ticks. */
export function topicFaults(judged: Judged): Fault[] {
  const { config, origins, faulty } = judged;
  const at = (key: string, value: unknown, rule: string): Fault =>
    ({ key, value: shown(value), origin: origins.get(key) ?? { kind: 'default' }, rule });
  let written: readonly WrittenTopic[];
  try {
    written = writtenTopics(config);
  } catch (error) {
    if (!(error instanceof MdpError)) throw error;
    return [at('sink.kafka.indicator_topics', config.sink.kafka.indicator_topics, error.message.replace(/\.$/, ''))];
  }
  if (written.length === 0 || faulty.has('kafka.brokers')) return [];
  const addressed = config.kafka.brokers.length > 0 ? []
    : [at(written[0].key, written[0].topic, 'kafka.brokers (KAFKA_BROKERS) is empty, and topics are written there')];
  const computed = new Set(config.indicators.specs.map((text) => text.trim().replace(/\s*\(.*$/, '').toLowerCase()));
  const idle = [...readIndicatorTopics(config.sink.kafka.indicator_topics).keys()].filter((name) => !computed.has(name))
    .map((name) => at('sink.kafka.indicator_topics', name, 'indicators.specs has none of that name'));
  const loops = written.flatMap(({ key, topic, what }): Fault[] => {
    const reader = config.sources.find((source) => topicsOf(source).includes(topic));
    if (reader === undefined) return [];
    return [at(key, topic, `source "${reader.name}" uses this topic, and ${what} are no ticks; name another one`)];
  });
  return [...addressed, ...idle, ...loops];
}

/** What goes to topics beside the database, in words; null where nothing does. */
export function publishedFact(config: Config): string | null {
  const letters = config.sources.flatMap(({ name, values }) => {
    const topic = letterTopic(values);
    return topic === null ? [] : [`dead letters of ${name} to ${topic}`];
  });
  const rows = writtenTopics(config).map(({ what, topic }) => `${what} to ${topic}`);
  const all = [...rows, ...letters];
  return all.length === 0 ? null : all.join(', ');
}

/** Throws an MdpError `config-invalid`. */
function writtenTopics({ sink: { kafka } }: Config): readonly WrittenTopic[] {
  const bars = kafka.bars_topic || null;
  const indicators = [...readIndicatorTopics(kafka.indicator_topics)];
  return [
    ...(bars === null ? [] : [{ key: 'sink.kafka.bars_topic', what: 'bars', topic: bars }]),
    ...indicators.map(([name, topic]) => ({ key: 'sink.kafka.indicator_topics', what: `values of ${name}`, topic })),
  ];
}

/** Those that it reads, and the one of its dead letters. */
function topicsOf({ values }: Config['sources'][number]): readonly string[] {
  const letters = letterTopic(values);
  return [...('topics' in values ? values.topics : []), ...(letters === null ? [] : [letters])];
}

function letterTopic(values: Config['sources'][number]['values']): string | null {
  return 'dead_letter_topic' in values ? (values.dead_letter_topic || null) : null;
}
