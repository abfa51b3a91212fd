import type { AlertRow } from '../model/alert.ts';
import { BarColumns } from '../model/bar.ts';
import { isOwnLoss, type Gap } from '../model/gap.ts';
import { IndicatorColumns, type IndicatorLine } from '../model/indicator.ts';
import type { Lane } from '../model/lane.ts';
import { gapBytes, rowCount, type RowBatch } from '../model/rows.ts';
import type { LogEnd, TickBatch } from '../model/tick-batch.ts';

type LogItem = TickBatch | Gap | LogEnd;

/** Columns of a tick: 4 + 8 + 8 + 1 + 8 + 8 + 8 bytes, and 8 more for an id. */
const tickBytes = 53;
/** A tick this far ahead of our clock does not stretch the gap that its batch leaves. */
const skewMsMax = 300_000;

export function bytesOfLogItem(item: LogItem): number {
  if (item.kind !== 'ticks') return gapBytes;
  let bytes = item.length * tickBytes;
  for (const reject of item.rejects) bytes += gapBytes + reject.bytes.length;
  return bytes;
}

/** Ticks that an item counts for in the ledger. */
export function ticksOf(item: LogItem): number {
  return item.kind === 'ticks' ? item.length + item.rejects.length : 0;
}

/** The gap that a dropped batch of ticks leaves in its place. */
export function gapOfBatch(batch: TickBatch): Gap {
  const { lane, eventTimeMs, position } = batch;
  const latestMs = batch.receivedTimeMs + skewMsMax;
  let [fromMs, untilMs] = [Infinity, -Infinity];
  for (let index = 0; index < batch.length; index++) {
    const timeMs = eventTimeMs[index];
    if (timeMs > latestMs) continue;
    fromMs = Math.min(fromMs, timeMs);
    untilMs = Math.max(untilMs, timeMs);
  }
  const empty = fromMs > untilMs;
  return {
    kind: 'gap', lane, position: batch.length > 0 ? position[batch.length - 1] : batch.nextPosition - 1,
    instruments: new Int32Array(new Set(batch.instrument.subarray(0, batch.length))), venue: 'all',
    fromMs: empty ? batch.receivedTimeMs : Math.floor(fromMs),
    untilMs: (empty ? batch.receivedTimeMs : Math.floor(untilMs)) + 1, // The end is exclusive.
    reason: 'dropped-batch', ticksLost: batch.length + batch.rejects.length,
  };
}

/** One gap for two that follow each other, or null where they are of different kinds. */
export function mergeGaps(before: Gap, after: Gap): Gap | null {
  const alike = before.lane === after.lane && before.reason === after.reason && before.venue === after.venue &&
    before.barSpec === after.barSpec && isOwnLoss(before.reason);
  if (!alike) return null;
  return {
    ...after,
    instruments: before.instruments === 'all' || after.instruments === 'all'
      ? 'all' : new Int32Array(new Set([...before.instruments, ...after.instruments])),
    fromMs: Math.min(before.fromMs, after.fromMs),
    untilMs: Math.max(before.untilMs, after.untilMs),
    ticksLost: before.ticksLost + after.ticksLost,
  };
}

export function mergeLogItems(before: LogItem, after: LogItem): LogItem | null {
  return before.kind === 'gap' && after.kind === 'gap' ? mergeGaps(before, after) : null;
}

/** A batch that holds nothing but gaps stands for rows that were given up: it needs no capacity and is never dropped. */
export function isDroppableRows(batch: RowBatch): boolean {
  return rowCount(batch) > batch.gaps.length;
}

/** Names of what rows carry as indices. */
export interface LostNames {
  readonly specNames: readonly string[];
  /** None where absent. */
  readonly indicatorLines?: readonly IndicatorLine[];
}

/**
 * What a dropped batch of rows leaves: its gaps, and one more for each bar, value of an indicator and alert, merged by
 * instrument and bar spec. `lost` counts the rows that are gone, `born` those that came instead.
 */
export function gapsOfRows(
  batch: RowBatch, { specNames, indicatorLines = [] }: LostNames,
): { rest: RowBatch; lost: number; born: number } {
  const { lane, bars, indicators } = batch;
  const lost = new Map<string, Gap>();
  for (let row = 0; row < bars.length; row++) addLost(lost, lane, lostRow(bars, row, specNames[bars.spec[row]]));
  for (let row = 0; row < indicators.length; row++) {
    addLost(lost, lane, lostRow(indicators, row, indicatorLines[indicators.line[row]].barSpec));
  }
  for (const alert of batch.alerts) addLost(lost, lane, alert);
  const rest: RowBatch = {
    lane, shard: batch.shard, bars: new BarColumns(1), indicators: new IndicatorColumns(0), lateTicks: [], alerts: [],
    deadLetters: [],
    gaps: [...batch.gaps, ...lost.values()], openedAtMs: batch.openedAtMs,
  };
  return { rest, lost: rowCount(batch) - batch.gaps.length, born: lost.size };
}

type LostRow = Pick<AlertRow, 'instrument' | 'barSpec' | 'openTimeMs' | 'closeTimeMs' | 'position'>;

function lostRow(rows: BarColumns | IndicatorColumns, row: number, barSpec: string): LostRow {
  return {
    instrument: rows.instrument[row], barSpec, openTimeMs: rows.openTimeMs[row], closeTimeMs: rows.closeTimeMs[row],
    position: rows.position[row],
  };
}

function addLost(lost: Map<string, Gap>, lane: Lane, row: LostRow): void {
  const { instrument, barSpec, position } = row;
  const key = `${instrument} ${barSpec}`;
  const gap: Gap = {
    kind: 'gap', lane, position, instruments: Int32Array.of(instrument), venue: 'all',
    fromMs: row.openTimeMs, untilMs: row.closeTimeMs, reason: 'dropped-rows', ticksLost: 0, barSpec,
  };
  const known = lost.get(key);
  lost.set(key, known === undefined ? gap : mergeGaps(known, gap)!);
}

/**
 * Two batches of nothing but gaps, as one; `superseded` counts the rows that two made one. Lost rows stay told by instrument
 * and spec. Of dropped batches each has instruments of its own, and as many come as the sink is away: they become one.
 */
export function mergeGapRows(before: RowBatch, after: RowBatch): { merged: RowBatch; superseded: number } {
  const byKey = new Map<string, Gap>();
  let superseded = 0;
  for (const gap of [...before.gaps, ...after.gaps]) {
    const instruments = gap.barSpec === undefined || gap.instruments === 'all' ? 'all' : gap.instruments.join(',');
    const key = `${gap.reason} ${gap.venue} ${gap.barSpec ?? ''} ${instruments}`;
    const known = byKey.get(key);
    const joined = known === undefined ? null : mergeGaps(known, gap);
    if (known === undefined) byKey.set(key, gap);
    else if (joined !== null) {
      byKey.set(key, joined);
      superseded++;
    } else byKey.set(`${key} ${byKey.size}`, gap);
  }
  return { merged: { ...after, gaps: [...byKey.values()], openedAtMs: before.openedAtMs }, superseded };
}

