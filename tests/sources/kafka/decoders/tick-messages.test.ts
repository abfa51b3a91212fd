import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TickMessages } from '../../../../src/sources/kafka/decoders/tick-messages.ts';
import { batchOf, laneOf } from '../../../support/batches.ts';
import { Decoding } from './decoding.ts';

interface Tick {
  readonly symbol: string;
  readonly venue: string;
  readonly price: number;
  readonly size: number;
  readonly side: number;
  readonly eventTimeMs: number;
  readonly tradeId: string | number;
}

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && !/[\p{Cc}\ufffd]/u.test(text) && Buffer.byteLength(text) <= 64);
const ticks: fc.Arbitrary<Tick> = fc.record({
  symbol: name, venue: name,
  price: fc.double({ noDefaultInfinity: true, noNaN: true }).map((price) => price + 0),
  size: fc.oneof(fc.integer({ min: 0 }), fc.double({ min: 1e-12, max: 1e12, noNaN: true })),
  side: fc.constantFrom(0, 1, 2),
  eventTimeMs: fc.integer({ min: 1_000_000_000_000_000, max: 2_000_000_000_000_000 }).map((micros) => micros / 1_000),
  tradeId: fc.oneof(fc.maxSafeNat(), fc.constantFrom('007', 'a"b', '1e3', '-1', 'ü')),
});

/** What the reader of a message makes of a tick that was written as one. */
function readBack(tick: Tick, unsaidVenue: string | null = null): unknown {
  const decoding = new Decoding({});
  const instrument = decoding.instruments.intern(tick.venue, tick.symbol);
  const messages = new TickMessages(decoding.instruments, unsaidVenue);
  const batch = batchOf(laneOf(), [{ ...tick, instrument }], { tradeId: [tick.tradeId] });
  const value = messages.value(batch, 0);
  return decoding.decode({ key: messages.key(batch, 0), value }) ?? decoding.ticks()[0];
}

describe('a tick that was written as a message', () => {
  it('is read as the same tick by a source with its default settings, whatever its values', () => {
    fc.assert(fc.property(ticks, (tick) => {
      expect(readBack(tick)).toEqual({ ...tick, price: tick.price + 0 });
    }), { numRuns: 2_000 });
  });

  it('says what it says in words that people know', () => {
    const { instruments } = new Decoding({});
    const tick = { instrument: instruments.intern('binance', 'BTC'), price: 100.5, size: 0.25, side: 2, eventTimeMs: 1_700_000_000_000 };
    const batch = batchOf(laneOf(), [tick, { ...tick, side: 0 }], { tradeId: Float64Array.of(7, NaN) });
    const messages = new TickMessages(instruments, null);
    expect(messages.key(batch, 0)).toBe('BTC');
    expect(messages.value(batch, 0)).toBe('{"trade_id":7,"event_time_ms":1700000000000,"side":"sell","price":100.5,"size":0.25,' +
      '"symbol":"BTC","venue":"binance"}');
    expect(messages.value(batch, 1)).toBe('{"event_time_ms":1700000000000,"price":100.5,"size":0.25,"symbol":"BTC","venue":"binance"}');
  });

  it('leaves a venue to its reader that nobody has named', () => {
    const tick = { symbol: 'BTC', venue: 'unsaid', price: 1, size: 1, side: 1, eventTimeMs: 1_700_000_000_000, tradeId: 1 };
    expect(readBack(tick, 'unsaid')).toEqual({ ...tick, venue: 'home' });
    expect(readBack({ ...tick, venue: 'other' }, 'unsaid')).toEqual({ ...tick, venue: 'other' });
  });
});
