import type { PipelineStatus, ProducerStatus } from '../model/status.ts';
import type { HealthRow } from './health.ts';
import { count } from './words.ts';

/** A row of health for each producer of Kafka. Pure. */
export function judgeProducers({ sink }: PipelineStatus): readonly HealthRow[] {
  return sink.producers.map(judgeProducer);
}

function judgeProducer(producer: ProducerStatus): HealthRow {
  const { name, connection, breaker, messages, bytes, errors } = producer;
  const failed = errors === 0 ? '' : ` ${count(errors, 'call')} failed.`;
  const written = `${count(messages, 'message')} (${count(bytes, 'byte')}) written.${failed}`;
  const row = { part: 'kafka', name } as const;
  if (connection !== 'lost') return { ...row, status: 'healthy', message: `The producer is ${connection}. ${written}` };
  const left = breaker === 'closed' ? 'it is tried again'
    : 'after failures in a row the brokers are left alone, and probed from time to time';
  const message = `The producer does not reach its topics: ${left}. ${producer.problem ?? ''} ${written} Rows wait; ` +
    'nothing is lost.';
  return { ...row, status: 'degraded', message };
}
