import type { BarSpec } from '../../model/bar-spec.ts';

/** What an indicator is told of a bar. The same object comes again with the next one. */
export interface IndicatorBar {
  /** Ms since 1970 UTC; `[openTimeMs, closeTimeMs)`. */
  openTimeMs: number;
  closeTimeMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Σ price · size. */
  notional: number;
}

/**
 * A formula over the bars of one instrument and spec, in order of time. Pure: a value follows from the bars alone. It
 * keeps nothing itself, so that it can be taken back to any bar and go on from there when an older one was revised.
 */
export interface Indicator {
  /** Canonical, arguments included: `rsi(14)`. */
  readonly name: string;
  /** Canonical names of what it draws: its own, or `name.line` where it has several. */
  readonly lines: readonly string[];
  /** How it computes, in words: what was saved under other words is not gone on with. */
  readonly meaning: string;
  /** How many numbers it remembers from one bar to the next. */
  readonly stateSize: number;
  /** How many bars back, its own included, a value can see; Infinity where averages never forget. */
  readonly memoryBars: number;
  /**
   * Whether a bar begins a session, so that nothing before it counts for its value and those behind it. `state` is
   * what the bar before has left. Absent: none does.
   */
  beginsAnew?(bar: IndicatorBar, state: Float64Array): boolean;
  /**
   * Takes one bar. `state` is what it left there after the bar before (zeros before the first) and is changed in
   * place; `values` gets a number for each line, NaN where there is none: too few bars have come, or it is not
   * defined. Called for every bar; allocates nothing.
   */
  step(bar: IndicatorBar, state: Float64Array, values: Float64Array): void;
}

/** One entry of the registry. */
export interface IndicatorType {
  /** How it is written, and what its arguments may be: for messages and docs. */
  readonly form: string;
  /** On bars of a spec; null where the arguments are none that it allows. */
  create(numbers: readonly number[], bars: BarSpec): Indicator | null;
}
