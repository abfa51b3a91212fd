import { describe, expect, it } from 'vitest';
import type { ProducerStatus } from '../../src/model/status.ts';
import { judge } from '../../src/server/health.ts';
import { judgeProducers } from '../../src/server/producer-health.ts';
import { statusOf } from '../support/pipeline-status.ts';

const producer: ProducerStatus = {
  name: 'kafka', breaker: 'closed', connection: 'connected', problem: null, messages: 12, bytes: 3_400, errors: 0, produceMs: 5,
  topics: [],
};
const statusWith = (overrides: Partial<ProducerStatus>): ReturnType<typeof statusOf> =>
  statusOf({ sink: { ...statusOf().sink, state: 'open', producers: [{ ...producer, ...overrides }] } });

describe('a producer of Kafka', () => {
  it.each([
    { when: 'it writes', overrides: {}, status: 'healthy', says: /connected.*12 messages \(3,?400 bytes\) written\.$/ },
    { when: 'it has not been opened yet', overrides: { connection: 'connecting' as const }, status: 'healthy', says: /connecting/ },
    { when: 'a call failed', overrides: { connection: 'lost' as const, problem: 'Connection refused.', errors: 1 }, status: 'degraded',
      says: /tried again.*Connection refused\. .*1 call failed\. Rows wait; nothing is lost/ },
    { when: 'its breaker is open', overrides: { connection: 'lost' as const, breaker: 'open' as const }, status: 'degraded',
      says: /brokers are left alone, and probed from time to time/ },
  ])('is $status when $when', ({ overrides, status, says }) => {
    expect(judgeProducers(statusWith(overrides))).toEqual([
      { part: 'kafka', name: 'kafka', status, message: expect.stringMatching(says) as unknown },
    ]);
  });

  it('is what the row of the sink names when its breaker is open', () => {
    const { rows } = judge(statusWith({ breaker: 'open' }), null);
    expect(rows.find(({ part }) => part === 'sink')?.message).toMatch(/^Kafka does not take writes/);
  });

  it('has no row where nothing goes to Kafka', () => {
    expect(judgeProducers(statusOf())).toEqual([]);
  });
});
