import { atr } from './atr.ts';
import { bollinger } from './bollinger.ts';
import { ema } from './ema.ts';
import type { IndicatorType } from './indicator.ts';
import { macd } from './macd.ts';
import { pvCorrelation } from './pv-correlation.ts';
import { rsi } from './rsi.ts';
import { sma } from './sma.ts';
import { volumeRatio } from './volume-ratio.ts';
import { volumeTrend } from './volume-trend.ts';
import { vwap } from './vwap.ts';

/** Every indicator that can be asked for, by the name that it is asked for by. */
export const indicatorTypes = {
  rsi, sma, ema, bollinger, macd, atr, vwap,
  volume_ratio: volumeRatio, volume_trend: volumeTrend, pv_correlation: pvCorrelation,
} as const satisfies Readonly<Record<string, IndicatorType>>;
