import type { Config } from '../config.ts';
import { createClient } from '../kafka/client.ts';
import { ProducerFigures } from '../kafka/producer-figures.ts';
import type { Clock } from '../model/clock.ts';
import type { AnnounceRemoved } from '../model/removed-rows.ts';
import { RemovalTopics } from '../sinks/kafka/removal-topics.ts';
import { readIndicatorTopics, topicOfLine } from '../sinks/kafka/settings.ts';
import { KafkaSink } from '../sinks/kafka.ts';
import type { RowNames } from '../sinks/set-aside.ts';
import type { Sink } from '../sinks/sink.ts';

/** The pool tries again and can tell people about it: kafkajs itself only as long as a leader moves, 200 + 400 + 800 ms. */
const patience = { retries: 3 };

/** The sink for topics of Kafka, where any is configured; else none. Throws an MdpError `config-invalid`. */
export function kafkaSink(config: Config, names: RowNames, clock: Clock): KafkaSink[] {
  const { sink, kafka: values } = config;
  const barsTopic = sink.kafka.bars_topic || null;
  const indicatorTopics = readIndicatorTopics(sink.kafka.indicator_topics);
  if (barsTopic === null && indicatorTopics.size === 0) return [];
  return [new KafkaSink({
    kafka: createClient({ values, log: () => {}, retry: patience }), brokers: values.brokers, names,
    barsTopic, indicatorTopics, workers: sink.workers, clock, deadlineMs: sink.deadline_ms, breaker: kafkaBreaker(config),
    figures: new ProducerFigures(values.topic_stats, clock),
  })];
}

/** Tells of rows that a rebuild removes in the topics where they stand; null where rows go to none. */
export function announceRemoved({ sink, kafka: values }: Config): AnnounceRemoved | null {
  const barsTopic = sink.kafka.bars_topic || null;
  const indicatorTopics = readIndicatorTopics(sink.kafka.indicator_topics);
  if (barsTopic === null && indicatorTopics.size === 0) return null;
  const topics = new RemovalTopics({
    kafka: createClient({ values, log: () => {}, retry: patience }), brokers: values.brokers,
    topicOf: ({ indicator }) => (indicator === null ? barsTopic : topicOfLine(indicator, indicatorTopics)),
  });
  return (removed) => topics.announce(removed);
}

/** When brokers are left alone that do not take what is written to them. */
export function kafkaBreaker({ kafka, sink }: Config): NonNullable<Sink['breaker']> {
  const { enabled, threshold, reset_ms } = kafka.circuit_breaker;
  const { drain_reset_ms } = sink.circuit_breaker;
  return { failures: enabled ? threshold : Infinity, reset_ms, drain_reset_ms };
}
