import { describe, expect, it } from 'vitest';
import { dawn, FoldRig, rejectOf, type TestTick } from './fold-rig.ts';

const day = 86_400_000;

describe('the way of an ordinary batch', () => {
  it('is one of no copies: what is admitted whole is the same object', () => {
    const rig = new FoldRig();
    const batch = rig.batchOf([{ at: 0 }, { at: 10 }]);
    rig.admission.admit(rig.batchOf([{ at: 0 }]), rig);
    expect(rig.admission.admit(batch, rig)).toBe(batch);
  });

  it('loses from the end without copying, and from the middle by copying the rest', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    const batch = rig.batchOf([{ at: 0, id: 1, price: 1 }, { at: 1, id: 1 }, { at: 2, id: 3, price: 3 }, { at: 3, id: 3 }]);
    const admitted = rig.admission.admit(batch, rig);
    expect([...admitted.price.subarray(0, admitted.length)]).toEqual([1, 3]);
    expect([...admitted.position.subarray(0, admitted.length)]).toEqual([0, 2]);
    expect(Array.from(admitted.tradeId!).slice(0, admitted.length)).toEqual([1, 3]);
    const tail = rig.batchOf([{ at: 4, id: 4 }, { at: 5, id: 4 }]);
    expect(rig.admission.admit(tail, rig)).toMatchObject({ length: 1, price: tail.price });
  });

  it('gives an empty batch where nothing is admitted', () => {
    const rig = new FoldRig();
    expect(rig.admission.admit(rig.batchOf([{ at: 0, price: Number.NaN }]), rig).length).toBe(0);
  });
});

describe('values', () => {
  const judged = (tick: Partial<TestTick>, settings = {}): Record<string, number> => {
    const rig = new FoldRig({ settings });
    rig.take([{ at: 0, ...tick }]);
    return { ...rig.admission.counts.rejected, aggregated: rig.admission.counts.aggregated };
  };

  it.each([
    [{ price: Number.NaN }, 'bad-price'], [{ price: Infinity }, 'bad-price'], [{ price: 1e101 }, 'bad-price'],
    [{ price: 0 }, 'bad-price'], [{ price: -1 }, 'bad-price'],
    [{ size: -1 }, 'bad-size'], [{ size: Number.NaN }, 'bad-size'], [{ size: Infinity }, 'bad-size'], [{ size: 0 }, 'bad-size'],
    [{ at: Number.NaN }, 'bad-time'], [{ at: -dawn - 1 }, 'bad-time'], [{ at: Date.UTC(2200, 0, 1) - dawn }, 'bad-time'],
  ] as const)('that no trade can have are rejected: %j as %s', (tick, reason) => {
    expect(judged(tick)).toEqual({ aggregated: 0, [reason]: 1 });
  });

  it('of prices at and below 0 are accepted where the source says so', () => {
    expect(judged({ price: -37.63 }, { nonpositive_price: 'accept' })).toEqual({ aggregated: 1 });
    expect(judged({ price: -Infinity }, { nonpositive_price: 'accept' })).toEqual({ aggregated: 0, 'bad-price': 1 });
  });

  it('of size 0 set prices and add no volume where the source says so', () => {
    const rig = new FoldRig({ settings: { zero_size: 'accept' } });
    rig.take([{ at: 0, price: 5 }, { at: 1, price: 9, size: 0 }]).end();
    expect(rig.rows).toMatchObject([{ open: 5, high: 9, close: 9, volume: 1, notional: 5, trades: 2 }]);
  });

  it('at the very beginning of 1970 are times', () => {
    expect(judged({ at: -dawn })).toEqual({ aggregated: 1 });
  });

  it('that were rejected stay readable, by their names, with the place of their record', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0, position: 7 }, { at: 1, price: Number.NaN, symbol: '__proto__', side: 2, position: 7 }]);
    expect(rig.letters).toMatchObject([{
      origin: 'tick', reason: 'bad-price', position: 7, counter: 1, message: 'price NaN is not a usable number',
      place: 'record 7 of test/source',
    }]);
    expect(JSON.parse(Buffer.from(rig.letters[0].bytes).toString())).toEqual({
      venue: 'venue', symbol: '__proto__', eventTimeMs: dawn + 1, price: 'NaN', size: 1, side: 'sell', tradeId: null,
    });
  });

  it('that the venue marks as no market trade are excluded and counted, or included', () => {
    const ticks = [{ at: 0, offMarket: true }, { at: 1, offMarket: false }];
    const strict = new FoldRig().take(ticks);
    expect(strict.admission.counts).toMatchObject({ excluded: 1, aggregated: 1 });
    const open = new FoldRig({ settings: { off_market: 'include' } }).take(ticks);
    expect(open.admission.counts).toMatchObject({ excluded: 0, aggregated: 2 });
  });
});

describe('records that no tick could be read from', () => {
  it('are counted by reason and kept, each under a key of its own beside the ticks of the same record', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0, position: 3 }, { at: 0, size: -1, position: 3 }],
      { rejects: [rejectOf(1), rejectOf(3, 'bad-time'), rejectOf(3)] });
    expect(rig.admission.counts.rejected).toEqual({ 'malformed': 2, 'bad-time': 1, 'bad-size': 1 });
    expect(rig.letters.map(({ position, counter, reason }) => [position, counter, reason])).toEqual([
      [1, 0, 'malformed'], [3, 0, 'bad-time'], [3, 1, 'malformed'], [3, 3, 'bad-size'],
    ]);
  });
});

describe('late ticks', () => {
  it('before the horizon are counted and kept, and reach no bar; at the horizon they are in time', () => {
    const rig = new FoldRig();
    rig.take([{ at: 60_000 }, { at: 47_999, price: 7, side: 1, id: 'x' }, { at: 48_000 }]);
    expect(rig.admission.counts).toMatchObject({ late: 1, aggregated: 2 });
    expect(rig.lateTicks).toEqual([{
      instrument: 0, eventTimeMs: dawn + 47_999, price: 7, size: 1, side: 1, tradeId: 'x', watermarkMs: dawn + 58_000,
      position: 1, counter: 0,
    }]);
  });

  it('are not those at the horizon, whatever else is odd about them', () => {
    const rig = new FoldRig({ settings: { zero_size: 'accept' } });
    rig.take([{ at: 60_000 }, { at: 48_000, size: 0 }, { at: 47_999, size: 0 }]);
    expect(rig.admission.counts).toMatchObject({ late: 1, aggregated: 2 });
  });

  it('are judged by the clock of their own venue', () => {
    const rig = new FoldRig();
    rig.take([{ at: 3_600_000, venue: 'fast' }, { at: 0, venue: 'slow' }, { at: 0, venue: 'fast' }]);
    expect(rig.lateTicks.map(({ instrument }) => rig.instruments.venue(instrument))).toEqual(['fast']);
    expect(rig.admission.watermarkMs(rig.instruments.venueIndex('slow'))).toBe(dawn - 2_000);
    expect(rig.admission.watermarkMs(rig.instruments.venueIndex('silent'))).toBeNull();
    expect(rig.admission.horizonMs(rig.instruments.venueIndex('slow'))).toBe(dawn - 12_000);
  });

  it('are late before they are duplicates', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: 1 }, { at: 60_000, id: 2 }, { at: 0, id: 1 }]);
    expect(rig.admission.counts).toMatchObject({ late: 1, duplicate: 0 });
  });
});

describe('repetitions', () => {
  it('of a trade id of one instrument are dropped and counted; another instrument may have the same', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: 5 }, { at: 1, id: 5 }, { at: 1, id: 5, symbol: 'B' }, { at: 1, id: 5, venue: 'other' }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 3, duplicate: 1 });
  });

  it('are looked for only where the source has ids', () => {
    const rig = new FoldRig({ settings: { ids: 'absent' } }).take([{ at: 0, id: 5 }, { at: 1, id: 5 }]);
    expect(rig.admission.counts.duplicate).toBe(0);
  });

  it('are none where a tick has no id', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: Number.NaN }, { at: 0, id: Number.NaN }]).take([{ at: 0, id: '' }, { at: 0, id: 'a' }, { at: 0, id: '' }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 5, duplicate: 0 });
  });

  it('of an id that was only seen on a rejected or late tick are first sights', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 60_000, id: 1 }, { at: 0, id: 2 }, { at: 60_000, id: 3, size: -1 }, { at: 60_000, id: 2 }, { at: 60_000, id: 3 }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 3, late: 1, duplicate: 0 });
  });
});

describe('ticks ahead of their record', () => {
  it('by more than max_future_skew_ms are rejected, whatever the venue has shown', () => {
    const rig = new FoldRig();
    rig.take([{ at: 300_000, logTimeMs: dawn }, { at: 300_001, logTimeMs: dawn }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, rejected: { 'future-skew': 1 } });
  });

  it('are measured by our clock on a live lane, which holds no jumps', () => {
    const rig = new FoldRig({ lane: { pausable: false } });
    rig.take([{ at: 300_000 }, { at: 300_001 }], { receivedTimeMs: dawn });
    rig.take([{ at: 30 * day }], { receivedTimeMs: dawn + 30 * day });
    expect(rig.admission.counts).toMatchObject({ aggregated: 2, held: 0, rejected: { 'future-skew': 1 } });
  });

  it('and whose record is poisoned as well are held like any jump', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0, logTimeMs: dawn }, { at: 30 * day, logTimeMs: dawn + 30 * day }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 1 });
  });
});
