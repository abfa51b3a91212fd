import path from 'node:path';
import { ATR, BollingerBands, EMA, MACD, RSI, SMA, VWAP } from 'technicalindicators';
import { describe, expect, it } from 'vitest';
import type { IndicatorBar } from '../../../src/operators/indicators/indicator.ts';
import { readRows } from '../../oracle/read-files.ts';
import { sharedData } from '../../support/shared-data.ts';
import { barsOf, lineOf, ofCloses, randomWalk, valuesOf } from './series.ts';

/*
 * Against `technicalindicators`, which others use. It gives no value where ours has null, so its series is shorter at the
 * beginning, and that it is as long as ours from there on is part of what is compared. Where the two differ on purpose:
 * - RSI: the library rounds to two digits, and says 100 where ours is 50 because nothing has moved.
 * - MACD: it leaves a signal of exactly 0 out, and the histogram with it.
 * - VWAP: it takes (high + low + close) / 3 for the price of all trades of a bar and has no sessions; ours takes what was
 *   paid, from the day's first trade on. On bars of one day whose trades had that price they are the same.
 * - SMA and Bollinger: it carries its sums from bar to bar, so that rounding adds up; ours computes each window anew.
 */
const candles = sharedData('binance-xrp-eth', 'indicators on the candles of a real exchange against a published library');

function candlesOf(spec: string): IndicatorBar[] {
  const rows = readRows(path.join(candles!, `candles-${spec}.csv.gz`));
  return barsOf(rows.map((row) => ({
    open: Number(row['open']), high: Number(row['high']), low: Number(row['low']), close: Number(row['close']),
    volume: Number(row['volume']),
  })), { from: Number(rows[0]['open_time_ms']), stepMs: spec === '1m' ? 60_000 : 300_000 });
}

const series: readonly (readonly [string, () => IndicatorBar[]])[] = [
  ...[1, 2, 3].map((seed) => [`a random walk (seed ${seed})`, () => randomWalk(seed, 1_500)] as const),
  ...(candles === null ? [] : (['1m', '5m'] as const).map((spec) => [`XRP/ETH, ${spec}`, () => candlesOf(spec)] as const)),
];

/** From the first value on ours are the library's, to some digits of the greatest price. */
function expectSame(own: readonly (number | null)[], library: readonly (number | undefined)[], scale: number): void {
  const begin = own.findIndex((value) => value !== null);
  expect(own.length - begin).toBe(library.length);
  for (const [index, value] of library.entries()) {
    expect(Math.abs(own[begin + index]! - value!), `value ${begin + index}`).toBeLessThanOrEqual(1e-11 * scale);
  }
}

describe('where the library differs, it does so as said:', () => {
  const flat = Array.from({ length: 8 }, () => 100);

  it('RSI of a price that does not move', () => {
    expect(RSI.calculate({ period: 3, values: flat }).at(-1)).toBe(100);
    expect(lineOf('rsi(3)', ofCloses(flat)).at(-1)).toBe(50);
  });

  it('the signal of a MACD that is 0', () => {
    const library = MACD.calculate({
      values: flat, fastPeriod: 2, slowPeriod: 3, signalPeriod: 2, SimpleMAOscillator: false, SimpleMASignal: false,
    });
    expect(library.at(-1)).toMatchObject({ MACD: 0, signal: undefined });
    expect(valuesOf('macd(2,3,2)', ofCloses(flat))['macd(2,3,2).signal'].at(-1)).toBe(0);
  });

  it('VWAP of a bar whose trades were not at its typical price', () => {
    const bars = barsOf([{ high: 12, low: 9, close: 9, volume: 10, notional: 110 }]);
    expect(VWAP.calculate({ high: [12], low: [9], close: [9], volume: [10] })).toEqual([10]);
    expect(lineOf('vwap()', bars)).toEqual([11]);
  });

  it('a mean behind a great price', () => {
    const closes = [1e15, 0.1, 0.2, 0.3];
    expect(SMA.calculate({ period: 3, values: closes }).at(-1)).not.toBeCloseTo(0.2, 5);
    expect(lineOf('sma(3)', ofCloses(closes)).at(-1)).toBeCloseTo(0.2, 15);
  });
});

describe.each(series)('the values on %s are those of a published library:', (_, read) => {
  const bars = read();
  const values = bars.map(({ close }) => close);
  const [high, low, volume] = [bars.map((bar) => bar.high), bars.map((bar) => bar.low), bars.map((bar) => bar.volume)];
  const scale = Math.max(...high);

  it.each([5, 20, 200])('sma(%i)', (period) => {
    expectSame(lineOf(`sma(${period})`, bars), SMA.calculate({ period, values }), scale);
  });

  it.each([5, 50, 200])('ema(%i)', (period) => {
    expectSame(lineOf(`ema(${period})`, bars), EMA.calculate({ period, values }), scale);
  });

  it.each([[20, 2], [5, 2.5]])('bollinger(%f,%f)', (period, stdDev) => {
    const own = valuesOf(`bollinger(${period},${stdDev})`, bars);
    const library = BollingerBands.calculate({ period, stdDev, values });
    for (const line of ['middle', 'upper', 'lower'] as const) {
      // Its mean has drifted by then, and what is left of a quiet window is the root of that.
      expectSame(own[`bollinger(${period},${stdDev}).${line}`], library.map((one) => one[line]), 1e4 * scale);
    }
  });

  it.each([[12, 26, 9], [3, 10, 16]])('macd(%i,%i,%i)', (fastPeriod, slowPeriod, signalPeriod) => {
    const own = valuesOf(`macd(${fastPeriod},${slowPeriod},${signalPeriod})`, bars);
    const library = MACD.calculate({
      values, fastPeriod, slowPeriod, signalPeriod, SimpleMAOscillator: false, SimpleMASignal: false,
    });
    const name = `macd(${fastPeriod},${slowPeriod},${signalPeriod})`;
    const withSignal = library.slice(signalPeriod - 1);
    expectSame(own[`${name}.macd`], library.map(({ MACD: line }) => line), scale);
    expectSame(own[`${name}.signal`], withSignal.map(({ signal }) => signal ?? 0), scale);
    expectSame(own[`${name}.histogram`], withSignal.map(({ histogram, MACD: line }) => histogram ?? line), scale);
  });

  it.each([2, 14])('atr(%i)', (period) => {
    expectSame(lineOf(`atr(${period})`, bars), ATR.calculate({ high, low, close: values, period }), scale);
  });

  it('rsi(14), which it rounds', () => {
    const own = lineOf('rsi(14)', bars).slice(14);
    const library = RSI.calculate({ period: 14, values });
    expect(own.length).toBe(library.length);
    for (const [index, value] of library.entries()) expect(Math.abs(own[index]! - value)).toBeLessThanOrEqual(0.005_001);
  });

  it('vwap() of a day, where all trades of a bar had its typical price', () => {
    const day = bars.filter(({ openTimeMs }) => openTimeMs < Math.floor(bars[0].openTimeMs / 86_400_000 + 1) * 86_400_000)
      .map((bar) => ({ ...bar, notional: bar.volume * ((bar.high + bar.low + bar.close) / 3) }));
    const library = VWAP.calculate({ high, low, close: values, volume }).slice(0, day.length);
    const own = lineOf('vwap()', day);
    const begin = own.findIndex((value) => value !== null); // Before a trade the library divides 0 by 0.
    expect(library.slice(0, begin).every(Number.isNaN)).toBe(true);
    expectSame(own, library.slice(begin), scale);
    expect(day.length).toBeGreaterThan(200);
  });
});
