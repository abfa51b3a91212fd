import { describe, expect, it } from 'vitest';
import type { ConsumerStatus } from '../../src/model/status.ts';
import { judgeConsumers } from '../../src/server/consumer-health.ts';
import { consumerOf, partitionOf, sourceOf, statusOf } from '../support/pipeline-status.ts';

const judged = (consumer: ConsumerStatus | null): ReturnType<typeof judgeConsumers> =>
  judgeConsumers(statusOf({ sources: [sourceOf({ name: 'ticks', type: 'kafka', consumer })] }));
const watchdog = { silentMs: 0, stallMs: 120_000, vainSessions: 0, vainSessionsMax: 20 };

describe('the health of a consumer of Kafka', () => {
  it('is no row where there is none', () => {
    expect(judged(null)).toEqual([]);
  });

  it.each<[string, Partial<ConsumerStatus>, 'healthy' | 'degraded' | 'unhealthy', RegExp]>([
    ['is a member', { partitions: [partitionOf({ lag: 7 }), partitionOf({ lag: 3 }), partitionOf({ lag: null })], messages: 12_345 },
      'healthy', /group mdp with 3 partitions, 10 records behind\. 12,345 messages read\.$/],
    ['joins its group', { connection: 'connecting' }, 'healthy', /not in group mdp now \(connecting\)/],
    ['has no partition', {}, 'healthy', /0 partitions, 0 records/],
    ['was lost', { connection: 'lost' }, 'degraded', /lost.*begun anew.*nothing is lost/],
    ['has commits that fail', { commitsFailed: 2 }, 'healthy', /2 commits failed/],
    ['has brokers that do not tell', { brokersProblem: 'Connection timeout' }, 'degraded', /Connection timeout/],
    ['was silent for a moment', { watchdog: { ...watchdog, silentMs: 119_999 } }, 'healthy', /read/],
    ['is silent', { watchdog: { ...watchdog, silentMs: 120_000 } }, 'unhealthy', /none has come for 2 min.*ends after 4 min/],
    ['is silent and lost', { connection: 'lost', watchdog: { ...watchdog, silentMs: 120_000 } }, 'unhealthy', /silent/],
    ['is silent and nobody minds', { watchdog: { ...watchdog, stallMs: 0, silentMs: 1e9 } }, 'healthy', /read/],
    ['begins in vain', { watchdog: { ...watchdog, vainSessions: 9 } }, 'healthy', /read/],
    ['begins in vain too often', { watchdog: { ...watchdog, vainSessions: 10 } }, 'unhealthy', /joined its group 10 times.*20 the process ends/],
    ['begins in vain and nobody minds', { watchdog: { ...watchdog, vainSessions: 99, vainSessionsMax: 0 } }, 'healthy', /read/],
  ])('that %s', (_, overrides, status, says) => {
    const [row] = judged(consumerOf(overrides));
    expect(row).toMatchObject({ part: 'kafka', name: 'ticks', status });
    expect(row.message).toMatch(says);
  });
});
