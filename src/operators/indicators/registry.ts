import type { IndicatorType } from './indicator.ts';
import { rsi } from './rsi.ts';

/** Every indicator that can be asked for, by the name that it is asked for by. */
export const indicatorTypes = { rsi } as const satisfies Readonly<Record<string, IndicatorType>>;
