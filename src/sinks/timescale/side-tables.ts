import type { AlertRow } from '../../model/alert.ts';
import type { Gap } from '../../model/gap.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane } from '../../model/lane.ts';
import type { DeadLetter, LateTick, RowBatch } from '../../model/rows.ts';
import type { PoolClient } from '../../postgres.ts';
import { exactDouble, microseconds } from './arrays.ts';
import { beginRules, upsertAlerts } from './sql/alerts.ts';
import { insertGaps, insertLateTicks, upsertDeadLetters } from './sql/side-tables.ts';

/** Writes rows that are no bars and no values, in the caller's transaction. Returns how many of them the guard left out. */
export async function writeSideTables(
  client: PoolClient, batch: RowBatch, instruments: InstrumentTable,
): Promise<number> {
  const { lane, lateTicks, gaps, alerts, deadLetters } = batch;
  if (lateTicks.length > 0) await writeLateTicks(client, lane, lateTicks, instruments);
  if (gaps.length > 0) await writeGaps(client, lane, gaps, instruments);
  if (deadLetters.length > 0) await writeDeadLetters(client, lane, deadLetters);
  return alerts.length === 0 ? 0 : alerts.length - await writeAlerts(client, lane, alerts, instruments);
}

export async function writeDeadLetters(client: PoolClient, lane: Lane, letters: readonly DeadLetter[]): Promise<void> {
  // One statement may not update a row twice: the last of a key is kept.
  const byKey = new Map(letters.map((letter) => [`${letter.position} ${letter.origin} ${letter.counter}`, letter]));
  const rows = [...byKey.values()];
  await client.query(upsertDeadLetters, [
    lane.name, lane.generation, rows.map((row) => row.position), rows.map((row) => row.origin),
    rows.map((row) => row.counter), rows.map((row) => storable(row.reason)), rows.map((row) => storable(row.message)),
    rows.map((row) => storable(row.place)), rows.map((row) => Buffer.from(row.bytes)),
    rows.map((row) => microseconds(row.atMs)),
  ]);
}

/** Returns how many rows were written. */
async function writeAlerts(
  client: PoolClient, lane: Lane, alerts: readonly AlertRow[], instruments: InstrumentTable,
): Promise<number> {
  // The last of a key is kept, and all writers take the keys in one order.
  const byKey = new Map(alerts.map((row) => [alertKey(row), row]));
  const rows = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const versions = [...new Map(rows.map((row) => [`${row.ruleId} ${row.ruleVersion}`, row])).values()];
  await client.query(beginRules, [
    versions.map((row) => row.ruleId), versions.map((row) => row.ruleVersion),
    versions.map((row) => microseconds(row.validFromMs)),
  ]);
  const { rowCount } = await client.query(upsertAlerts, [
    lane.name, lane.generation, rows.map((row) => row.ruleId), rows.map((row) => row.ruleVersion),
    rows.map((row) => instruments.venue(row.instrument)), rows.map((row) => instruments.symbol(row.instrument)),
    rows.map((row) => row.barSpec), rows.map((row) => microseconds(row.openTimeMs)), rows.map((row) => row.barIndex),
    rows.map((row) => microseconds(row.closeTimeMs)), rows.map((row) => row.isMet),
    rows.map((row) => exactDouble(row.value)),
    rows.map((row) => row.state), rows.map((row) => row.whole), rows.map((row) => row.position), rows.map((row) => row.kept),
  ]);
  return rowCount ?? 0;
}

function alertKey({ ruleId, ruleVersion, openTimeMs, barIndex }: AlertRow): string {
  return `${ruleId} ${ruleVersion} ${openTimeMs} ${barIndex}`;
}

async function writeLateTicks(
  client: PoolClient, lane: Lane, ticks: readonly LateTick[], instruments: InstrumentTable,
): Promise<void> {
  await client.query(insertLateTicks, [
    lane.name, lane.generation, ticks.map((tick) => tick.position), ticks.map((tick) => tick.counter),
    ticks.map((tick) => instruments.venue(tick.instrument)), ticks.map((tick) => instruments.symbol(tick.instrument)),
    ticks.map((tick) => microseconds(tick.eventTimeMs)), ticks.map((tick) => exactDouble(tick.price)),
    ticks.map((tick) => exactDouble(tick.size)), ticks.map((tick) => tick.side),
    ticks.map((tick) => (tick.tradeId === null ? null : String(tick.tradeId))),
    ticks.map((tick) => microseconds(tick.watermarkMs)),
  ]);
}

/** A gap of some instruments is a row for each; one of all of them is a single row with empty names. */
async function writeGaps(
  client: PoolClient, lane: Lane, gaps: readonly Gap[], instruments: InstrumentTable,
): Promise<void> {
  const rows = gaps.flatMap((gap) => placesOf(gap, instruments).map((place) => ({ gap, ...place })));
  await client.query(insertGaps, [
    lane.name, lane.generation, rows.map(({ gap }) => gap.position), rows.map((row) => row.venue),
    rows.map((row) => row.symbol), rows.map(({ gap }) => gap.barSpec ?? ''),
    rows.map(({ gap }) => microseconds(gap.fromMs)), rows.map(({ gap }) => microseconds(gap.untilMs)),
    rows.map(({ gap }) => gap.reason), rows.map(({ gap }) => gap.ticksLost),
  ]);
}

function placesOf(gap: Gap, instruments: InstrumentTable): { venue: string; symbol: string }[] {
  if (gap.instruments === 'all') {
    return [{ venue: gap.venue === 'all' ? '' : instruments.venueName(gap.venue), symbol: '' }];
  }
  return Array.from(gap.instruments, (instrument) => (
    { venue: instruments.venue(instrument), symbol: instruments.symbol(instrument) }));
}

/** PostgreSQL's text holds every character but NUL. What a dead letter says may do without; its bytes keep it. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
