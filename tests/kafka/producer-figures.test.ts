import { expect, it } from 'vitest';
import { ProducerFigures } from '../../src/kafka/producer-figures.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const values = { max: 2, moving_average: true, window: 100 };

it('a producer is timed for each topic, and the total outlives the topics that make room', async () => {
  const clock = new VirtualClock();
  const figures = new ProducerFigures(values, clock);
  for (const [topic, tookMs] of [['a', 4], ['b', 10], ['a', 8], ['c', 2]] as const) {
    const sinceMs = clock.nowMs();
    await clock.advance(tookMs);
    figures.produced(topic, { messages: 10, bytes: 1_000, sinceMs });
  }
  const { topics, ...total } = figures.facts();
  expect(total).toEqual({ connection: 'connected', problem: null, messages: 40, bytes: 4_000, errors: 0, produceMs: 24 });
  expect(topics.map(({ topic, messages, averageProduceMs }) => [topic, messages, averageProduceMs])).toEqual([['a', 20, 6], ['c', 10, 2]]);
});

it('a producer shows no averages where they are switched off', () => {
  const figures = new ProducerFigures({ ...values, moving_average: false }, new VirtualClock());
  figures.produced('a', { messages: 1, bytes: 1, sinceMs: 0 });
  expect(figures.facts().topics[0].averageProduceMs).toBeNull();
});

it('a producer is lost by a call that failed, until one succeeds', () => {
  const figures = new ProducerFigures(values, new VirtualClock());
  expect(figures.facts().connection).toBe('connecting');
  figures.failed('a', 'Connection refused');
  expect(figures.facts()).toMatchObject({ connection: 'lost', problem: 'Connection refused', errors: 1, topics: [{ topic: 'a', errors: 1 }] });
  figures.connected();
  expect(figures.facts()).toMatchObject({ connection: 'connected', problem: null, errors: 1 });
});
