import type { Config } from '../config.ts';
import { MdpError } from '../errors.ts';
import { createClient } from '../kafka/client.ts';
import { ProducerFigures } from '../kafka/producer-figures.ts';
import type { Clock } from '../model/clock.ts';
import { DeadLetterTopicSink, type DeadLetterTopic } from '../sinks/dead-letter-topic.ts';
import { kafkaBreaker } from './kafka-sink.ts';

/**
 * The sink for messages that cannot be used, where any source has a topic for them; else none. Throws an MdpError
 * `config-invalid`.
 */
export function deadLetterTopics(config: Config, clock: Clock): DeadLetterTopicSink[] {
  const topics = config.sources.flatMap((source): DeadLetterTopic[] => {
    if (source.type !== 'kafka') return [];
    const { name, values: { dead_letter_topic: topic, topics: read, brokers: own, group_id: group } } = source;
    if (topic === null || topic === '') return [];
    if (read.includes(topic)) {
      throw new MdpError('config-invalid', `Source "${name}": dead_letter_topic "${topic}" is one of the topics that it ` +
        'reads; what it cannot use would come back for ever. Name another one.');
    }
    const brokers = own.length > 0 ? own : config.kafka.brokers;
    const kafka = createClient({ values: { ...config.kafka, brokers }, log: () => {} });
    return [{ source: name, topic, kafka, brokers, group: group ?? config.kafka.group_id }];
  });
  return topics.length === 0 ? [] : [new DeadLetterTopicSink({
    topics, clock, deadlineMs: config.sink.deadline_ms, breaker: kafkaBreaker(config),
    figures: new ProducerFigures(config.kafka.topic_stats, clock),
  })];
}
