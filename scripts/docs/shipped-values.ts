interface ShippedList {
  readonly items: readonly string[];
  /** A sentence for the comment. */
  readonly why: string;
}

/** What a trader's page draws on bars of a minute. No default: whoever sets other bar specs need not have bars of a minute. */
export const shippedIndicators: readonly string[] = [
  'rsi(14)@1m', 'sma(20)@1m', 'ema(50)@1m', 'bollinger(20,2)@1m', 'macd(12,26,9)@1m', 'atr(14)@1m', 'vwap()@1m',
  'volume_ratio(20)@1m',
];

/** What stands in config.yaml in the place of the default, by key. */
export const shippedValues: Readonly<Record<string, ShippedList>> = {
  'indicators.specs': {
    items: shippedIndicators,
    why: 'The default is none; these are what the dashboard draws, on bars of 1m, which bars.specs must have.',
  },
};
