import { unitsInLastPlaceBetween } from './exact.ts';
import type { OracleBar } from './log.ts';

/** A row as the program made it, in the same plain words as an oracle's bar. */
export interface ActualBar extends Omit<OracleBar, 'quality' | 'state'> {
  readonly quality: number;
  readonly state: number;
}

const exactFields = [
  'closeTimeMs', 'open', 'high', 'low', 'close', 'trades',
  'quality', 'state', 'revision', 'whole', 'position',
] as const;
const sumFields = ['volume', 'notional', 'buyVolume', 'sellVolume'] as const;

/** A sum may miss the correctly rounded exact value by one unit in the last place (SEMANTICS.md 10). */
const sumUlpMax = 1n;
/** A quotient of two sums, each off by one, and rounded itself. */
const vwapUlpMax = 3n;

/**
 * One line a difference; empty where the table is what it must be. `leaveOut` names fields that may differ,
 * such as the position of a log that was told in another order.
 */
export function differencesOf(
  expected: readonly OracleBar[], actual: readonly ActualBar[], leaveOut: readonly string[] = [],
): string[] {
  const lines: string[] = [];
  const rows = new Map<string, ActualBar>();
  for (const row of actual) {
    if (rows.has(keyOf(row))) lines.push(`${keyOf(row)}: two rows of one key`);
    rows.set(keyOf(row), row);
  }
  for (const bar of expected) {
    const row = rows.get(keyOf(bar));
    rows.delete(keyOf(bar));
    if (row === undefined) lines.push(`${keyOf(bar)}: missing`);
    else lines.push(...fieldDifferences(bar, row, leaveOut).map((line) => `${keyOf(bar)}: ${line}`));
  }
  for (const key of rows.keys()) lines.push(`${key}: unexpected`);
  return lines;
}

function keyOf(bar: ActualBar): string {
  return `${bar.venue} ${bar.symbol} ${bar.spec} ${new Date(bar.openTimeMs).toISOString()}`;
}

function fieldDifferences(bar: OracleBar, row: ActualBar, leaveOut: readonly string[]): string[] {
  const lines: string[] = [];
  const note = (field: keyof OracleBar): void => {
    if (leaveOut.includes(field)) return;
    lines.push(`${field} is ${String(row[field])}, must be ${String(bar[field])}`);
  };
  for (const field of exactFields) if (row[field] !== bar[field]) note(field);
  for (const field of sumFields) if (!isNear(row[field], bar[field], sumUlpMax)) note(field);
  const quotient = row.volume === 0 ? null : row.notional / row.volume;
  if (row.vwap !== quotient || !isSameMean(row.vwap, bar.vwap)) note('vwap');
  return lines;
}

function isSameMean(actual: number | null, expected: number | null): boolean {
  if (actual === null || expected === null) return actual === expected;
  return isNear(actual, expected, vwapUlpMax);
}

function isNear(actual: number, expected: number, ulpMax: bigint): boolean {
  return Number.isFinite(actual) && unitsInLastPlaceBetween(actual, expected) <= ulpMax;
}
