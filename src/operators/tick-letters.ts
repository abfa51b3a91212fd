import type { InstrumentTable } from '../model/instruments.ts';
import type { DeadLetter, LateTick } from '../model/rows.ts';
import { side, type Reject, type TickBatch } from '../model/tick-batch.ts';
import type { HeldTick } from './held-ticks.ts';
import type { Flaw } from './tick-flaws.ts';

export interface LetterContext {
  readonly instruments: InstrumentTable;
  readonly receivedTimeMs: number;
}

/** A tick taken out of its batch. */
export function heldTickOf(batch: TickBatch, index: number): HeldTick {
  const position = batch.position[index];
  return {
    instrument: batch.instrument[index],
    price: batch.price[index],
    size: batch.size[index],
    side: batch.side[index],
    eventTimeMs: batch.eventTimeMs[index],
    position,
    counter: counterOf(batch, index),
    order: batch.order[index],
    tradeId: idOf(batch.tradeId?.[index]),
    logTimeMs: batch.logTimeMs?.[index] ?? null,
    offMarket: batch.offMarket?.[index] ?? 0,
    place: batch.placeOf?.(position) ?? `record ${position} of ${batch.lane.name}`,
    confirmedAtMs: [],
    contradictions: 0,
  };
}

/** The id, or null where this tick has none. */
function idOf(tradeId: string | number | undefined): string | number | null {
  return tradeId === undefined || tradeId === '' || Number.isNaN(tradeId) ? null : tradeId;
}

/**
 * Tells apart what stands in one record: its unreadable parts count from 0, its ticks go on from there. A batch ends on a
 * record boundary, so the number depends on the record alone.
 */
function counterOf(batch: TickBatch, index: number): number {
  const position = batch.position[index];
  let counter = 0;
  for (let before = index - 1; before >= 0 && batch.position[before] === position; before--) counter++;
  for (const reject of batch.rejects) if (reject.position === position) counter++;
  return counter;
}

export function lateTickOf(tick: HeldTick, watermarkMs: number): LateTick {
  const { instrument, eventTimeMs, price, size, tradeId, position, counter } = tick;
  return { instrument, eventTimeMs, price, size, side: tick.side, tradeId, watermarkMs, position, counter };
}

/** Parse-level rejects of a batch as dead letters, in order. */
export function* lettersOfRejects(batch: TickBatch): Generator<DeadLetter> {
  let before: Reject | undefined;
  let counter = 0;
  for (const reject of batch.rejects) {
    counter = before?.position === reject.position ? counter + 1 : 0;
    before = reject;
    const { reason, message, place, bytes, position, original } = reject;
    yield {
      origin: 'tick', reason, message, place, bytes, position, counter, atMs: batch.receivedTimeMs,
      ...(original === undefined ? {} : { original }),
    };
  }
}

const sideNames = Object.fromEntries(Object.entries(side).map(([name, value]) => [value, name]));

/** A tick that was read and cannot be used: its record is gone, so its values are kept by their names. */
export function letterOfTick(tick: HeldTick, flaw: Flaw, { instruments, receivedTimeMs }: LetterContext): DeadLetter {
  const values = {
    venue: instruments.venue(tick.instrument), symbol: instruments.symbol(tick.instrument),
    eventTimeMs: writable(tick.eventTimeMs), price: writable(tick.price), size: writable(tick.size),
    side: sideNames[tick.side], tradeId: tick.tradeId,
    ...(tick.logTimeMs === null ? {} : { logTimeMs: writable(tick.logTimeMs) }),
  };
  return {
    origin: 'tick', reason: flaw.reason, message: flaw.message, place: tick.place,
    bytes: Buffer.from(JSON.stringify(values)), position: tick.position, counter: tick.counter, atMs: receivedTimeMs,
  };
}

/** JSON has no NaN and no infinities, and turns them to null. */
function writable(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
