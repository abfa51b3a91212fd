import type { ConsumerStatus, PipelineStatus, SourceStatus } from '../model/status.ts';
import type { HealthRow } from './health.ts';
import { count, duration } from './words.ts';

/** A row of health for each consumer of Kafka. Pure. */
export function judgeConsumers({ sources }: PipelineStatus): readonly HealthRow[] {
  return sources.flatMap((source) => (source.consumer === null ? [] : [judgeConsumer(source, source.consumer)]));
}

function judgeConsumer({ name }: SourceStatus, consumer: ConsumerStatus): HealthRow {
  const row = { part: 'kafka', name } as const;
  const { watchdog: { silentMs, stallMs, vainSessions, vainSessionsMax }, brokersProblem } = consumer;
  if (stallMs > 0 && silentMs >= stallMs) {
    const message = `Records wait and none has come for ${duration(silentMs)}: the consumer is silent. ${what(consumer)} ` +
      `The process ends after ${duration(2 * stallMs)} of it. Look at the brokers, and at the way to them.`;
    return { ...row, status: 'unhealthy', message };
  }
  if (vainSessionsMax > 0 && vainSessions > 0 && vainSessions >= vainSessionsMax / 2) {
    const message = `It has joined its group ${vainSessions} times in a row and ended before it had read a message; with ` +
      `${vainSessionsMax} the process ends. The log has the reason of each.`;
    return { ...row, status: 'unhealthy', message };
  }
  if (consumer.connection === 'lost') {
    const message = `It was lost, and is begun anew. ${what(consumer)} Reading goes on where the lanes stand; nothing ` +
      'is lost.';
    return { ...row, status: 'degraded', message };
  }
  if (brokersProblem !== null) {
    return { ...row, status: 'degraded', message: `The brokers did not tell how far their logs reach: ${brokersProblem} ` +
      what(consumer) };
  }
  return { ...row, status: 'healthy', message: what(consumer) };
}

function what({ connection, group, partitions, messages, commitsFailed }: ConsumerStatus): string {
  const failed = commitsFailed === 0 ? '' : `, ${count(commitsFailed, 'commit')} failed`;
  const read = `${count(messages, 'message')} read${failed}.`;
  if (connection !== 'member') return `It is not in group ${group} now (${connection}). ${read}`;
  const lag = partitions.reduce((total, partition) => total + (partition.lag ?? 0), 0);
  return `In group ${group} with ${count(partitions.length, 'partition')}, ${count(lag, 'record')} behind. ${read}`;
}
