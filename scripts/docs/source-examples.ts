export interface SourceExample {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
  /** At work in config.yaml, not only shown there. */
  readonly active: boolean;
  readonly values: Readonly<Record<string, unknown>>;
}

/** One for each type of source. */
export const sourceExamples: readonly SourceExample[] = [
  {
    name: 'demo', type: 'synthetic', active: true,
    doc: 'Made-up trades, in real time: bars arrive within seconds, without any account. Take it out for real ones.',
    values: { symbols: 20, ticks_per_second: 2_000, seed: 1 },
  },
  {
    name: 'history', type: 'replay', active: false,
    doc: 'Recorded trades from files, as fast as it goes.',
    values: { files: ['trades/*.csv.gz'], venue: 'binance', symbol: 'XRPETH', speed: 'max', complete: true },
  },
  {
    name: 'ticks', type: 'kafka', active: false,
    doc: 'Trades from a Kafka topic.',
    values: {
      topics: ['trade-data'], brokers: ['127.0.0.1:9092'], group_id: 'mdp', venue: 'binance',
      fields: { symbol: 'symbol', price: 'price', size: 'size', side: 'side', event_time: 'ts', trade_id: 'id' },
      event_time_unit: 'ms',
    },
  },
];
