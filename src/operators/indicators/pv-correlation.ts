import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';
import { ValueWindow } from './value-window.ts';

const changesMin = 3;

/**
 * Correlation of price and volume: Pearson's r of the last n changes of the close and of the volume from bar to bar,
 * Σ (p − p̄)(v − v̄) / √(Σ (p − p̄)² · Σ (v − v̄)²). Of changes and not of the close and the volume themselves,
 * because two series that drift seem to be related where they are not (G. Udny Yule, Why do we sometimes get
 * nonsense-correlations between time-series?, 1926). A number from −1 to 1 without a unit; above 0 volume rises with
 * the price. First value at bar n + 1; none where one of the two did not vary by more than the rounding of its own
 * values.
 */
export const pvCorrelation: IndicatorType = {
  form: `pv_correlation(n) with n from ${changesMin} to ${periodMax - 1}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, changesMin) || n === periodMax) return null;
    const name = `pv_correlation(${n})`;
    const closes = new ValueWindow(0, n + 1);
    const volumes = new ValueWindow(closes.size, n + 1);
    return {
      name, lines: [name], stateSize: closes.size + volumes.size, memoryBars: n + 1,
      meaning: `Pearson's correlation of the last ${n} changes of closes and of volumes`,
      step: ({ close, volume }, state, values) => {
        closes.push(state, close);
        volumes.push(state, volume);
        values[0] = closes.isFull(state) ? correlationOf({ closes, volumes, n }, state) : NaN;
      },
    };
  },
};

interface Windows {
  readonly closes: ValueWindow;
  readonly volumes: ValueWindow;
  readonly n: number;
}

function correlationOf({ closes, volumes, n }: Windows, state: Float64Array): number {
  const priceMean = meanChange(closes, state, n);
  const volumeMean = meanChange(volumes, state, n);
  let priceSquares = 0;
  let volumeSquares = 0;
  let products = 0;
  let priceMax = 0;
  let volumeMax = 0;
  for (let index = 1; index <= n; index++) {
    const close = closes.valueAt(state, index);
    const volume = volumes.valueAt(state, index);
    const price = close - closes.valueAt(state, index - 1) - priceMean;
    const change = volume - volumes.valueAt(state, index - 1) - volumeMean;
    priceSquares += price * price;
    volumeSquares += change * change;
    products += price * change;
    priceMax = Math.max(priceMax, Math.abs(close));
    volumeMax = Math.max(volumeMax, volume);
  }
  if (isRounding(priceSquares / n, priceMax) || isRounding(volumeSquares / n, volumeMax)) return NaN;
  const r = products / (Math.sqrt(priceSquares) * Math.sqrt(volumeSquares));
  return Math.max(-1, Math.min(1, r));
}

/** What changes sum up to in between is the last value less the first. */
function meanChange(window: ValueWindow, state: Float64Array, n: number): number {
  return (window.valueAt(state, n) - window.valueAt(state, 0)) / n;
}

/** Changes of values of this size are known to some four units in their last place, the share of the mean included. */
function isRounding(variance: number, greatest: number): boolean {
  return variance <= (4 * Number.EPSILON * greatest) ** 2;
}
