import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../src/operators/seen-ids.ts';

describe('ids that were seen', () => {
  it('are known again as long as they lie at or after the horizon', () => {
    const seen = new SeenIds();
    expect(seen.admit(0, 1, 100)).toBe(true);
    seen.horizonMs = 100;
    expect(seen.admit(0, 1, 200)).toBe(false);
    seen.horizonMs = 100.5;
    expect(seen.admit(0, 1, 200)).toBe(true);
    expect(seen.admit(0, 1, 300)).toBe(false);
  });

  it('at the horizon itself are not forgotten, nor left out of a snapshot', () => {
    const seen = new SeenIds();
    seen.admit(0, 1, 100);
    seen.horizonMs = 50;
    seen.forget();
    seen.admit(0, 2, 200);
    seen.horizonMs = 100;
    seen.forget();
    const restored = new SeenIds();
    restored.restore(seen.snapshot(String), Number);
    restored.horizonMs = 100;
    expect([seen.admit(0, 1, 200), restored.admit(0, 1, 200)]).toEqual([false, false]);
  });

  it('are told apart over all 53 bits', () => {
    const seen = new SeenIds();
    const ids = [0, 2 ** 32, 2 ** 33, 2 ** 53 - 1, 2 ** 53 - 1 - 2 ** 32, 7, -7].sort(() => 1).toReversed();
    for (const id of ids) expect(seen.admit(0, id, 1)).toBe(true);
    for (const id of ids) expect(seen.admit(0, id, 1)).toBe(false);
  });

  it('are the same as text and as number, but text with other digits is another id', () => {
    const seen = new SeenIds();
    expect(seen.admit(0, '12', 1)).toBe(true);
    expect(seen.admit(0, 12, 1)).toBe(false);
    expect(seen.admit(0, '012', 1)).toBe(true);
    expect(seen.admit(0, '90071992547409931', 1)).toBe(true);
    expect(seen.admit(0, '90071992547409932', 1)).toBe(true);
    expect(seen.admit(0, '__proto__', 1)).toBe(true);
    expect(seen.admit(0, '__proto__', 1)).toBe(false);
  });

  it('are forgotten: memory follows the horizon', () => {
    const seen = new SeenIds();
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
      let seen = new SeenIds();
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
        seen = new SeenIds();
        seen.restore(saved, Number);
      }
    }));
  });
});
