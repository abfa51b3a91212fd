import type { AlertRow } from '../model/alert.ts';
import type { Gap } from '../model/gap.ts';
import type { IndicatorLine } from '../model/indicator.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import { rowCount, type DeadLetter, type LateTick, type RowBatch } from '../model/rows.ts';

/** Names for what rows carry as indices. */
export interface RowNames {
  readonly instruments: InstrumentTable;
  readonly specNames: readonly string[];
  /** None where absent. */
  readonly indicatorLines?: readonly IndicatorLine[];
}

export interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly atMs: number;
}

/**
 * The dead letter of a row that a sink refused; `rowIndex` counts through bars, indicators, late ticks, gaps and
 * alerts. Its
 * bytes are the row as JSON. The same row always gives the same key.
 */
export function letterOfRow(batch: RowBatch, rowIndex: number, names: RowNames, refusal: Refusal): DeadLetter {
  const described = describeRow(batch, rowIndex, names);
  const { kind, position, row } = described;
  const identity = Object.entries(row).filter(([field]) => identifying.has(field));
  return {
    origin: 'row', ...refusal, position, bytes: Buffer.from(jsonOf(batch, described), 'utf8'),
    place: `${kind} ${identity.map(([, value]) => String(value)).join(' ')}`,
    counter: hash(`${kind} ${JSON.stringify(identity)}`),
  };
}

/** Every row of a batch as JSON: bars, indicators, late ticks, gaps, alerts, then what the dead letters say. */
export function describeRows(batch: RowBatch, names: RowNames): string[] {
  const count = rowCount(batch) - batch.deadLetters.length;
  const rows = Array.from({ length: count }, (_, rowIndex) => jsonOf(batch, describeRow(batch, rowIndex, names)));
  for (const { bytes, ...row } of batch.deadLetters) {
    rows.push(jsonOf(batch, { kind: 'dead-letter', row: { ...row, bytes: Buffer.from(bytes).toString('base64') } }));
  }
  return rows;
}

function jsonOf({ lane }: RowBatch, { kind, row }: Pick<DescribedRow, 'kind' | 'row'>): string {
  return JSON.stringify({ kind, lane: lane.name, generation: lane.generation, ...row }, exactNumbers);
}

const identifying: ReadonlySet<string> = new Set([
  'venue', 'symbol', 'barSpec', 'indicator', 'openTimeMs', 'barIndex', 'state', 'counter', 'reason', 'fromMs', 'ruleId',
  'ruleVersion',
]);

interface DescribedRow {
  readonly kind: 'bar' | 'indicator' | 'late-tick' | 'gap' | 'alert' | 'dead-letter';
  readonly position: number;
  readonly row: Readonly<Record<string, unknown>>;
}

function describeRow(batch: RowBatch, rowIndex: number, names: RowNames): DescribedRow {
  const { bars, indicators, lateTicks, gaps, alerts } = batch;
  if (rowIndex < bars.length) {
    return { kind: 'bar', position: bars.position[rowIndex], row: describeBar(batch, rowIndex, names) };
  }
  const value = rowIndex - bars.length;
  if (value < indicators.length) {
    return { kind: 'indicator', position: indicators.position[value], row: describeValue(batch, value, names) };
  }
  const tick = lateTicks[value - indicators.length];
  if (tick !== undefined) return { kind: 'late-tick', position: tick.position, row: describeTick(tick, names) };
  const besides = value - indicators.length - lateTicks.length;
  const gap = gaps[besides];
  if (gap !== undefined) return { kind: 'gap', position: gap.position, row: describeGap(gap, names) };
  const alert = alerts[besides - gaps.length];
  if (alert === undefined) throw new RangeError(`row ${rowIndex} is no bar, value, late tick, gap or alert of the batch`);
  return { kind: 'alert', position: alert.position, row: describeAlert(alert, names) };
}

function describeBar({ bars }: RowBatch, row: number, { instruments, specNames }: RowNames): Record<string, unknown> {
  const instrument = bars.instrument[row];
  return {
    venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), barSpec: specNames[bars.spec[row]],
    openTimeMs: bars.openTimeMs[row], barIndex: bars.barIndex[row], closeTimeMs: bars.closeTimeMs[row],
    open: bars.open[row], high: bars.high[row], low: bars.low[row], close: bars.close[row], volume: bars.volume[row],
    notional: bars.notional[row], trades: bars.trades[row],
    buyVolume: bars.buyVolume[row], sellVolume: bars.sellVolume[row],
    quality: bars.quality[row], state: bars.state[row], revision: bars.revision[row], whole: bars.whole[row] === 1,
    position: bars.position[row],
  };
}

/** `value` is null where too few bars have come. */
function describeValue(
  { indicators }: RowBatch, row: number, { instruments, indicatorLines = [] }: RowNames,
): Record<string, unknown> {
  const instrument = indicators.instrument[row];
  const { indicator, barSpec } = indicatorLines[indicators.line[row]];
  const value = indicators.value[row];
  return {
    venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), barSpec, indicator,
    openTimeMs: indicators.openTimeMs[row], barIndex: indicators.barIndex[row], closeTimeMs: indicators.closeTimeMs[row],
    value: Number.isNaN(value) ? null : value,
    quality: indicators.quality[row], state: indicators.state[row], revision: indicators.revision[row],
    whole: indicators.whole[row] === 1, position: indicators.position[row],
  };
}

function describeTick(tick: LateTick, { instruments }: RowNames): Record<string, unknown> {
  const { instrument, ...fields } = tick;
  return { venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), ...fields };
}

function describeAlert(alert: AlertRow, { instruments }: RowNames): Record<string, unknown> {
  const { instrument, news: _news, kept: _kept, ...fields } = alert;
  return { venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), ...fields };
}

function describeGap(gap: Gap, { instruments }: RowNames): Record<string, unknown> {
  const { position, fromMs, untilMs, reason, ticksLost, barSpec } = gap;
  return {
    venue: gap.venue === 'all' ? '' : instruments.venueName(gap.venue),
    symbol: gap.instruments === 'all' ? '' : [...gap.instruments].map((index) => instruments.symbol(index)).join(' '),
    barSpec: barSpec ?? '', fromMs, untilMs, reason, ticksLost, position,
  };
}

/** JSON has no NaN, no infinities and no negative zero: they are written as text. */
function exactNumbers(_: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/**
 * Rows of one position are told apart by a number that depends on the row alone, so that a row that is refused again
 * after a restart finds its own letter. FNV-1a over UTF-16 units, 31 bits: among 1,000 rows of one position two meet in
 * one case of 4,000.
 */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 1;
}
