import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { createSource } from '../../src/sources/registry.ts';
import type { LogRecord, LogTick, OracleSettings } from '../oracle/log.ts';
import { recordLog } from './record-log.ts';

export type Entry = Readonly<Record<string, unknown>> & { readonly name: string };

/** One source of a daemon: its entry in the configuration, and how its log is read back for the oracle. */
export interface Feed {
  readonly entry: Entry;
  /** Of its source, where that has several lanes. */
  readonly part?: string;
  readonly settings: OracleSettings;
  /** `startTimeMs` is that of the lane: a generator's log depends on it. */
  readonly log: (startTimeMs: number) => Promise<readonly LogRecord[]>;
}

export interface FileFeedWish {
  readonly name: string;
  readonly directory: string;
  readonly ticks: readonly LogTick[];
  readonly settings: OracleSettings;
  /** Keys of the entry beside those that follow from the settings. */
  readonly keys?: Readonly<Record<string, unknown>>;
}

/** A replay source whose file holds these ticks, one a line. */
export function fileFeed({ name, directory, ticks, settings, keys = {} }: FileFeedWish): Feed {
  const file = path.join(directory, `${name}.csv`);
  writeFileSync(file, csvOf(ticks, settings.ids));
  const end: LogRecord[] = settings.complete ? [{ kind: 'end', position: ticks.length }] : [];
  return {
    entry: { name, type: 'replay', files: [file], ...keysOf(settings), ...keys },
    settings,
    log: async () => [...ticks, ...end],
  };
}

export interface SyntheticFeedWish {
  readonly name: string;
  readonly directory: string;
  readonly settings: OracleSettings;
  readonly keys: Readonly<Record<string, unknown>>;
}

/** The generator on virtual time; its log is read by another instance of it. */
export function syntheticFeed({ name, directory, settings, keys }: SyntheticFeedWish): Feed {
  const entry = { name, type: 'synthetic', venue: name, speed: 'max', ...keysOf(settings), ...keys };
  return {
    entry, settings,
    log: async (startTimeMs) => {
      const file = path.join(directory, `${name}.yaml`);
      writeFileSync(file, JSON.stringify({ name: 'test', sources: [entry] }));
      const { config } = loadConfig({ file, environment: {} });
      const instruments = new InstrumentTable();
      const [source] = config.sources.map(({ type, values }) =>
        createSource(type, { name, values, instruments, clock: Date.now, batchSpanMs: Infinity }));
      return recordLog(source, instruments, { startTimeMs, complete: settings.complete });
    },
  };
}

/** What the configuration's section `bars` says of these settings. */
export function barsOf(settings: OracleSettings): Readonly<Record<string, unknown>> {
  return {
    specs: settings.specs, out_of_orderness_ms: settings.outOfOrdernessMs, allowed_lateness_ms: settings.allowedLatenessMs,
    max_future_skew_ms: settings.maxFutureSkewMs, max_jump_ms: settings.maxJumpMs,
  };
}

/** The one that stands for all where each further one would make the test slower. */
const oneIndicator = ['rsi(3)'];

/** Each one, short enough that small logs have values, and its lines. */
const allLines: Readonly<Record<string, readonly string[]>> = {
  'rsi(3)': ['rsi(3)'], 'sma(3)': ['sma(3)'], 'ema(4)': ['ema(4)'], 'atr(2)': ['atr(2)'], 'vwap()': ['vwap()'],
  'bollinger(4,2.5)': ['middle', 'upper', 'lower'].map((line) => `bollinger(4,2.5).${line}`),
  'macd(2,4,3)': ['macd', 'signal', 'histogram'].map((line) => `macd(2,4,3).${line}`),
  'volume_ratio(2)': ['volume_ratio(2)'], 'volume_trend(4)': ['volume_trend(4)'], 'pv_correlation(3)': ['pv_correlation(3)'],
};
export const everyIndicator: readonly string[] = Object.keys(allLines);

/** What the configuration's section `indicators` says: on bars of every spec. */
export function indicatorsOf(
  { specs }: Pick<OracleSettings, 'specs'>, names: readonly string[] = oneIndicator,
): { readonly specs: readonly string[] } {
  return { specs: names.flatMap((name) => specs.map((spec) => `${name}@${spec}`)) };
}

/** Of those that `indicatorsOf` was asked for. */
export function linesOf(names: readonly string[] = oneIndicator): readonly string[] {
  return names.flatMap((name) => allLines[name]);
}

function keysOf(settings: OracleSettings): Readonly<Record<string, unknown>> {
  const { ids, complete, zeroSize, nonPositivePrice, fromMs, untilMs } = settings;
  return { ids, complete, zero_size: zeroSize, nonpositive_price: nonPositivePrice, from: fromMs, until: untilMs };
}

export function csvOf(ticks: readonly LogTick[], ids: OracleSettings['ids']): string {
  const header = `${ids === 'absent' ? '' : 'trade_id,'}event_time_ms,side,price,size,symbol,venue`;
  const lines = ticks.map((tick) => [
    ...(ids === 'absent' ? [] : [tick.tradeId]),
    tick.eventTimeMs, tick.side, tick.price, tick.size, tick.symbol, tick.venue,
  ].join(','));
  return `${[header, ...lines].join('\n')}\n`;
}
