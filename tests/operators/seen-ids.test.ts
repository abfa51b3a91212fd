import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../src/operators/seen-ids.ts';

describe.each(['monotone', 'unique'] as const)('ids that were seen, declared %s,', (kind) => {
  it('are known again as long as they lie at or after the horizon', () => {
    const seen = new SeenIds(kind);
    expect(seen.admit(0, 1, 100)).toBe(true);
    seen.horizonMs = 100;
    expect(seen.admit(0, 1, 200)).toBe(false);
    seen.horizonMs = 100.5;
    expect(seen.admit(0, 1, 200)).toBe(true);
    expect(seen.admit(0, 1, 300)).toBe(false);
  });

  it('at the horizon itself are not forgotten, nor left out of a snapshot', () => {
    const seen = new SeenIds(kind);
    seen.admit(0, 1, 100);
    seen.horizonMs = 50;
    seen.forget();
    seen.admit(0, 2, 200);
    seen.horizonMs = 100;
    seen.forget();
    const restored = new SeenIds(kind);
    restored.restore(seen.snapshot(String), Number);
    restored.horizonMs = 100;
    expect([seen.admit(0, 1, 200), restored.admit(0, 1, 200)]).toEqual([false, false]);
  });

  it('are told apart over all 53 bits', () => {
    const seen = new SeenIds(kind);
    const ids = [0, 2 ** 32, 2 ** 33, 2 ** 53 - 1, 2 ** 53 - 1 - 2 ** 32, 7, -7].sort(() => 1).toReversed();
    for (const id of ids) expect(seen.admit(0, id, 1)).toBe(true);
    for (const id of ids) expect(seen.admit(0, id, 1)).toBe(false);
  });

  it('are the same as text and as number, but text with other digits is another id', () => {
    const seen = new SeenIds(kind);
    expect(seen.admit(0, '12', 1)).toBe(true);
    expect(seen.admit(0, 12, 1)).toBe(false);
    expect(seen.admit(0, '012', 1)).toBe(true);
    expect(seen.admit(0, '90071992547409931', 1)).toBe(true);
    expect(seen.admit(0, '90071992547409932', 1)).toBe(true);
    expect(seen.admit(0, '__proto__', 1)).toBe(true);
    expect(seen.admit(0, '__proto__', 1)).toBe(false);
  });

  it('are forgotten: memory follows the horizon', () => {
    const seen = new SeenIds(kind);
    for (let id = 0; id < 100_000; id++) {
      seen.horizonMs = id - 1_000;
      seen.admit(id % 7, id % 2 === 0 ? id : `text ${id}`, id);
      if (id % 100 === 0) seen.forget();
    }
    expect(seen.size).toBeLessThan(3_000);
  });

  it('agree with a list that never forgets, whatever the order, and a snapshot at any place changes nothing', () => {
    const step = fc.record({
      instrument: fc.integer({ min: 0, max: 2 }), id: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom('a', 'b', '3')),
      time: fc.integer({ min: -20, max: 20 }), forget: fc.boolean(), save: fc.boolean(),
    });
    fc.assert(fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      let seen = new SeenIds(kind);
      const list: { key: string; time: number }[] = [];
      for (const [at, { instrument, id, time, forget, save }] of steps.entries()) {
        seen.horizonMs = at - 15;
        const key = `${instrument}/${id}`;
        const known = list.some((one) => one.key === key && one.time >= at - 15);
        expect(seen.admit(instrument, id, at + time)).toBe(!known);
        if (!known) list.push({ key, time: at + time });
        if (forget) seen.forget();
        if (!save) continue;
        const saved = structuredClone(seen.snapshot(String));
        seen = new SeenIds(kind);
        seen.restore(saved, Number);
      }
    }));
  });

  it('agree with a map on long feeds: counting, out of order, at random, repeated, wide, broken', () => {
    const feed = fc.record({
      seed: fc.integer(), step: fc.constantFrom(1, 3, 2 ** 30, 2 ** 33, 0.25), stragglers: fc.constantFrom(0, 0.05, 0.5),
      random: fc.constantFrom(0, 0.02, 1), randomMax: fc.constantFrom(500, 2 ** 32, 2 ** 53), repeated: fc.constantFrom(0, 0.1),
      timeStepMs: fc.constantFrom(0.001, 1, 700), fromMs: fc.constantFrom(1_700_000_000_000, 0, -5_000, 0.1),
      windowMs: fc.constantFrom(200, 5_000, 2_000_000),
    });
    fc.assert(fc.property(feed, (settings) => compareWithMap(kind, settings)), { numRuns: 60 });
  }, 20_000);
});

interface Feed {
  readonly seed: number;
  readonly step: number;
  readonly stragglers: number;
  readonly random: number;
  readonly randomMax: number;
  readonly repeated: number;
  readonly timeStepMs: number;
  readonly fromMs: number;
  readonly windowMs: number;
}

/** The rule itself: an id was seen if it was admitted with an event time at or after the horizon. */
class Model {
  readonly #admitted = new Map<string, number>();

  admit(key: string, eventTimeMs: number, horizonMs: number): boolean {
    const seenAtMs = this.#admitted.get(key);
    if (seenAtMs !== undefined && seenAtMs >= horizonMs) return false;
    this.#admitted.set(key, eventTimeMs);
    return true;
  }
}

function compareWithMap(kind: 'monotone' | 'unique', feed: Feed): void {
  const random = randomNumbers(feed.seed);
  const model = new Model();
  let seen = new SeenIds(kind);
  const greatest = [0, 0, 0];
  let newestMs = feed.fromMs;
  for (let tick = 0; tick < 2_500; tick++) {
    const instrument = Math.floor(random() * random() * 3);
    newestMs += random() < 0.001 ? 3 * feed.windowMs : random() * feed.timeStepMs;
    seen.horizonMs = newestMs - feed.windowMs;
    const eventTimeMs = newestMs - (random() < 0.1 ? random() * feed.windowMs : 0);
    greatest[instrument] += feed.step;
    let id = greatest[instrument];
    if (random() < feed.stragglers) id -= feed.step * (0.5 + Math.floor(random() * 300));
    if (random() < feed.repeated) id -= feed.step * Math.floor(random() * 300);
    if (random() < feed.random) id = Math.floor(random() * feed.randomMax);
    const expected = model.admit(`${instrument} ${id}`, eventTimeMs, seen.horizonMs);
    if (seen.admit(instrument, id, eventTimeMs) !== expected) {
      throw new Error(`tick ${tick}: id ${id} of instrument ${instrument} at ${eventTimeMs}, horizon ${seen.horizonMs}: not ${expected}`);
    }
    if (random() < 0.05) seen.forget();
    if (random() < 0.002) seen = restored(seen, random() < 0.5 ? 'monotone' : 'unique');
  }
}

function restored(seen: SeenIds, kind: 'monotone' | 'unique'): SeenIds {
  const copy = new SeenIds(kind);
  copy.restore(structuredClone(seen.snapshot(String)), Number);
  return copy;
}

/** A seeded generator (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
