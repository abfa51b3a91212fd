/** A bar of the base grid as the database has it: what a log that cannot be read again has left of its ticks. */
export interface StoredBar {
  readonly venue: string;
  readonly symbol: string;
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly trades: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
}
