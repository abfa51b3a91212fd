import { describe, expect, it } from 'vitest';
import { MovingAverage } from '../../../src/kafka/topic-stats.ts';
import { TopicFigures } from '../../../src/sources/kafka/topic-figures.ts';

const values = { max: 2, moving_average: true, window: 100 };

describe('the figures of topics', () => {
  it('are counted and timed for each', () => {
    const figures = new TopicFigures(values);
    figures.countFetch('a', 10, 1_000);
    figures.countFetch('a', 0, 2_000);
    figures.time('a', 'consume', 4);
    figures.time('a', 'consume', 6);
    figures.time('a', 'commit', 3);
    expect(figures.status()).toEqual([{
      topic: 'a', messages: 10, fetches: 2, lastMessageAtMs: 1_000, averages: { consumeMs: 5, fetchToFoldMs: null, commitMs: 3 },
    }]);
  });

  it('are those of so many topics; the one quiet longest goes', () => {
    const figures = new TopicFigures(values);
    figures.countFetch('a', 1, 0);
    figures.countFetch('b', 1, 0);
    figures.time('a', 'fold', 1);
    figures.countFetch('c', 1, 0);
    expect(figures.status().map(({ topic }) => topic)).toEqual(['a', 'c']);
  });

  it('have no averages where they are switched off', () => {
    const figures = new TopicFigures({ ...values, moving_average: false });
    figures.time('a', 'fold', 1);
    figures.countFetch('a', 1, 0);
    expect(figures.status()[0].averages).toBeNull();
  });
});

describe('a moving average', () => {
  it('is the mean of what there is while that is little', () => {
    const average = new MovingAverage(100);
    expect(average.value).toBeNull();
    for (const measured of [1, 2, 6]) average.add(measured);
    expect(average.value).toBeCloseTo(3, 12);
  });

  it.each([2, 10, 100])('forgets what lies far behind its window of %i', (window) => {
    const average = new MovingAverage(window);
    for (let count = 0; count < 50; count++) average.add(1_000);
    for (let count = 0; count < 10 * window; count++) average.add(1);
    expect(average.value).toBeCloseTo(1, 4);
  });

  it('weighs its measurements around the middle of the window', () => {
    // What stays of a step of 1 after n measurements is (1 - alpha)^n with alpha = 2 / (window + 1).
    const average = new MovingAverage(9);
    for (let count = 0; count < 1_000; count++) average.add(0);
    for (let count = 0; count < 4; count++) average.add(1);
    expect(average.value).toBeCloseTo(1 - 0.8 ** 4, 12);
  });
});
