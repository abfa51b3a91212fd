import { describe, expect, it } from 'vitest';
import { parseBarSpec } from '../../../src/model/bar-spec.ts';
import { indicatorTypes } from '../../../src/operators/indicators/registry.ts';
import { lineOf, ofCloses, randomWalk, valuesOf } from './series.ts';

type Kind = keyof typeof indicatorTypes;

const right: readonly (readonly [Kind, readonly number[], readonly string[], number])[] = [
  ['rsi', [14], ['rsi(14)'], Infinity], ['sma', [20], ['sma(20)'], 20], ['ema', [50], ['ema(50)'], Infinity],
  ['bollinger', [20, 2.5], ['bollinger(20,2.5).middle', 'bollinger(20,2.5).upper', 'bollinger(20,2.5).lower'], 20],
  ['macd', [12, 26, 9], ['macd(12,26,9).macd', 'macd(12,26,9).signal', 'macd(12,26,9).histogram'], Infinity],
  ['atr', [14], ['atr(14)'], Infinity], ['vwap', [], ['vwap()'], Infinity],
  ['volume_ratio', [20], ['volume_ratio(20)'], 21], ['volume_trend', [20], ['volume_trend(20)'], 20],
  ['pv_correlation', [20], ['pv_correlation(20)'], 21],
];
const wrong: readonly (readonly [Kind, readonly (readonly number[])[]])[] = [
  ...(['rsi', 'sma', 'ema', 'atr', 'volume_ratio', 'volume_trend'] as const)
    .map((kind) => [kind, [[], [1], [1_001], [2.5], [NaN], [14, 3]]] as const),
  ['bollinger', [[], [20], [1, 2], [20, 0], [20, 0.05], [20, 10.1], [20, NaN], [20, 2, 1]]],
  ['macd', [[], [12, 26], [26, 12, 9], [12, 12, 9], [1, 26, 9], [12, 1_001, 9], [12, 26, 1], [12, 26, 9, 1]]],
  ['vwap', [[1], [NaN]]], ['pv_correlation', [[], [2], [1_000], [3.5], [20, 1]]],
];
const minutes = parseBarSpec('1m');

describe('an indicator', () => {
  it.each(right)('%s(%j) draws the lines of its name, and says how far back it looks', (kind, numbers, lines, memoryBars) => {
    const indicator = indicatorTypes[kind].create(numbers, minutes)!;
    expect(indicator.lines).toEqual(lines);
    expect(indicator.memoryBars).toBe(memoryBars);
  });

  it.each(wrong)('%s takes no other arguments than it says', (kind, refused) => {
    for (const numbers of refused) expect(indicatorTypes[kind].create(numbers, minutes), String(numbers)).toBeNull();
  });

  it('has each of its kinds in these lists', () => {
    expect(right.map(([kind]) => kind).toSorted()).toEqual(Object.keys(indicatorTypes).toSorted());
    expect(wrong.map(([kind]) => kind).toSorted()).toEqual(Object.keys(indicatorTypes).toSorted());
  });

  const finite = right.filter(([, , , memoryBars]) => memoryBars < Infinity);
  it.each(finite)('%s(%j) gives from the bars that it can see just what it gives from all', (kind, numbers, lines, memoryBars) => {
    const bars = randomWalk(7, 300);
    const whole = valuesOf(`${kind}(${numbers.join(',')})`, bars);
    for (const until of [memoryBars, 100, 211, 300]) {
      const seen = valuesOf(`${kind}(${numbers.join(',')})`, bars.slice(until - memoryBars, until));
      for (const line of lines) expect(seen[line].at(-1)).toBe(whole[line][until - 1]);
    }
  });

  it.each(finite)('%s(%j) does see the oldest of these', (kind, numbers, lines, memoryBars) => {
    const bars = randomWalk(7, memoryBars);
    const other = bars.with(0, { ...bars[0], close: bars[0].close * 2, volume: bars[0].volume * 2 + 1 });
    const [one, two] = [bars, other].map((series) => valuesOf(`${kind}(${numbers.join(',')})`, series));
    for (const line of lines) {
      expect(one[line].at(-1)).not.toBeNull();
      expect(one[line].at(-1)).not.toBe(two[line].at(-1));
    }
  });

  it('forgets what has left its window: a mean of small prices is not hurt by great ones before', () => {
    const great = ofCloses(Array.from({ length: 1_000 }, (_, index) => 1e15 / (index + 1)));
    const small = randomWalk(3, 20);
    expect(lineOf('sma(20)', [...great, ...small]).at(-1)).toBe(lineOf('sma(20)', small).at(-1));
  });
});
