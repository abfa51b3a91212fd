import type { RejectReason, TickBatch } from '../model/tick-batch.ts';

/** No market has such prices or sizes, and products and sums of smaller ones stay finite. */
export const magnitudeMax = 1e100;
/** Event times from 1970 to the end of 2199: what lies outside was read in a wrong unit, or is no time. */
export const eventTimeMsMin = 0;
export const eventTimeMsMax = Date.UTC(2200, 0, 1) - 0.001;

export interface Flaw {
  readonly reason: RejectReason;
  readonly message: string;
}

export interface ValueRules {
  readonly zero_size: string;
  readonly nonpositive_price: string;
}

/** Why a tick is unusable whatever came before it, or null. */
export function flawOf(batch: TickBatch, index: number, rules: ValueRules): Flaw | null {
  const price = batch.price[index];
  const size = batch.size[index];
  const eventTimeMs = batch.eventTimeMs[index];
  if (!(Math.abs(price) <= magnitudeMax)) return { reason: 'bad-price', message: `price ${price} is not a usable number` };
  if (price <= 0 && rules.nonpositive_price === 'reject') {
    return { reason: 'bad-price', message: `price ${price} is not above 0 (nonpositive_price: reject)` };
  }
  if (!(size >= 0 && size <= magnitudeMax)) return { reason: 'bad-size', message: `size ${size} is not a usable number` };
  if (size === 0 && rules.zero_size === 'reject') return { reason: 'bad-size', message: 'size is 0 (zero_size: reject)' };
  if (eventTimeMs >= eventTimeMsMin && eventTimeMs <= eventTimeMsMax) return null;
  return { reason: 'bad-time', message: `event time ${eventTimeMs} ms does not lie between 1970 and 2200` };
}

/** A tick whose time is further ahead of its record, or of our clock, than it may be. */
export function skewFlaw(eventTimeMs: number, skewMs: number, maxMs: number): Flaw {
  const message = `event time ${eventTimeMs} is ${skewMs} ms ahead of its record, more than max_future_skew_ms (${maxMs})`;
  return { reason: 'future-skew', message };
}

/** A tick whose time is further ahead of its venue than it may be, and `why` it is not waited for. */
export function jumpFlaw(eventTimeMs: number, maxMs: number, why: string): Flaw {
  const message = `event time ${eventTimeMs} is more than max_jump_ms (${maxMs}) ahead of its venue: ${why}`;
  return { reason: 'time-jump', message };
}
