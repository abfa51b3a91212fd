import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundsOf, lastBefore } from '../../src/operators/lane-bounds.ts';
import { dawn, FoldRig, type TestBar, type TestTick } from './fold-rig.ts';

const minute = 60_000;
const timeAt = (minutes: number): string => new Date(dawn + minutes * minute).toISOString();
const specs = ['1m', '2m'];

function rigOf(bounds: { from?: number; until?: number }, rest: ConstructorParameters<typeof FoldRig>[0] = {}): FoldRig {
  const from = bounds.from === undefined ? null : timeAt(bounds.from);
  const until = bounds.until === undefined ? null : String(dawn + bounds.until * minute);
  return new FoldRig({ specs, ...rest, settings: { ids: 'absent', from, until, ...rest.settings } });
}

const at = (...minutes: readonly number[]): TestTick[] => minutes.map((one) => ({ at: one * minute }));
const opens = (rig: FoldRig): number[] => rig.rows.filter(({ spec }) => spec === '1m').map((row) => row.openAt / minute);

describe('bounds', () => {
  it('are read from text, and are open where there is none', () => {
    expect(boundsOf({ from: '2024-01-01', until: '1704067260000' })).toEqual({ fromMs: dawn, untilMs: dawn + minute });
    expect(boundsOf({ from: null })).toEqual({ fromMs: -Infinity, untilMs: Infinity });
  });

  it('exclude their end: the last time before it is the double below', () => {
    fc.assert(fc.property(fc.integer({ min: -(2 ** 43), max: 2 ** 43 }).filter((timeMs) => timeMs !== 0), (untilMs) => {
      const last = lastBefore(untilMs);
      expect(last).toBeLessThan(untilMs);
      expect([last, untilMs]).toContain((last + untilMs) / 2); // Nothing lies between.
    }));
    expect([lastBefore(Infinity), lastBefore(0)]).toEqual([Infinity, -Number.MIN_VALUE]);
  });
});

describe('ticks outside of the bounds of their lane', () => {
  it('are excluded and counted, to the millisecond and its parts', () => {
    const rig = rigOf({ from: 2, until: 4 }).take(
      [{ at: 2 * minute - 0.25 }, { at: 2 * minute }, { at: 4 * minute - 0.25 }, { at: 4 * minute }]).end();
    expect(rig.admission.counts).toMatchObject({ excluded: 2, aggregated: 2, late: 0 });
    expect(rig.timeBars.counts.ticksIn).toBe(2);
    expect(opens(rig)).toEqual([2, 3]);
  });

  it('close bars by the time that they show, under their own position', () => {
    const rig = rigOf({ until: 2 }).take(at(1, 2)).take([{ at: 2 * minute + 2_000 }, { at: 3 * minute }]);
    expect(rig.rows).toMatchObject([{ spec: '1m', openAt: minute, state: 3, position: 2 }, { spec: '2m', state: 3, position: 2 }]);
  });

  it('make others late, as if they were folded', () => {
    const rig = rigOf({ until: 2 }).take(at(1, 2, 2.2)).take([{ at: 2 * minute - 1, price: 7 }]);
    expect(rig.admission.counts).toMatchObject({ late: 1 });
  });

  it('do not move time when they are of no value, or beyond belief', () => {
    const rig = rigOf({ until: 2 }).take([...at(1), { at: 3 * minute, size: -1 }, { at: 30 * 86_400_000 }]);
    expect(rig.rows).toEqual([]);
    expect(rig.admission.counts).toMatchObject({ excluded: 0, held: 1, rejected: { 'bad-size': 1 } });
    expect(rig.letters).toHaveLength(1);
  });

  it('that were held are excluded when they are released, and close bars under the position of the witness', () => {
    const day = 30 * 24 * 60;
    const rig = rigOf({ until: 2 }).take(at(1, day, day + 1, day + 2)).take(at(day + 3));
    expect(rig.admission.counts).toMatchObject({ held: 0, excluded: 4, aggregated: 1 });
    expect(rig.rows.map(({ position }) => position)).toEqual([4, 4]);
  });

  it('are no late ticks of this lane, and their ids are not seen', () => {
    const rig = rigOf({ from: 2 }, { settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: 1 }, { at: 3 * minute, id: 2 }, { at: 0, id: 3 }, { at: 3 * minute, id: 1 }]);
    expect(rig.admission.counts).toMatchObject({ excluded: 2, late: 0, duplicate: 0, aggregated: 2 });
    expect(rig.lateTicks).toEqual([]);
  });

  it('show from when on bars are whole', () => {
    const wholeness = (first: number): boolean[] =>
      rigOf({ from: 2 }, { lane: { complete: false } }).take([{ at: first }, ...at(2, 5)]).rows.map(({ whole }) => whole);
    expect(wholeness(2 * minute - 2_000)).toEqual([true, true]);
    expect(wholeness(2 * minute - 1_999)).toEqual([false, false]);
  });

  it('show it also when they were held, and what releases them is all that its batch holds', () => {
    const rig = rigOf({ from: 2 }, { lane: { complete: false } });
    const early = { receivedTimeMs: dawn - 86_400_000 }; // Nobody believes the first ticks: they lie in the future.
    for (const minutes of [0, 0.1, 0.2, 2, 4]) rig.take(at(minutes), early);
    expect(rig.admission.counts).toMatchObject({ excluded: 3, held: 0 });
    expect(rig.rows.filter(({ spec }) => spec === '1m')).toMatchObject([{ openAt: 2 * minute, whole: true }]);
  });

  it('belong to their venue: another one stays where it is', () => {
    const rig = rigOf({ until: 2 }).take([{ at: minute, venue: 'x' }, { at: 3 * minute, venue: 'y' }]);
    expect(rig.rows).toEqual([]);
    expect(rig.admission.horizonMs(rig.instruments.venueIndex('y'))).toBe(dawn + 2 * minute);
  });

  it('never settle more than the lane owns', () => {
    const rig = rigOf({ until: 2 }).take(at(1, 90));
    expect(rig.admission.horizonMs(0)).toBe(dawn + 2 * minute);
    expect(rig.admission.watermarkMs(0)).toBe(dawn + 90 * minute - 2_000);
  });
});

describe('a gap', () => {
  it('is recorded as far as it concerns the lane', () => {
    const rig = rigOf({ from: 2, until: 4 });
    const gap = (from: number, until: number): void => {
      rig.takeGap({ fromMs: dawn + from * minute, untilMs: dawn + until * minute });
    };
    gap(0, 2);
    gap(1, 3);
    gap(2, 3);
    gap(3, 9);
    gap(4, 5);
    expect(rig.gaps.map(({ fromMs, untilMs }) => [(fromMs - dawn) / minute, (untilMs - dawn) / minute])).toEqual([[2, 3], [2, 3], [3, 4]]);
  });
});

const ticks = fc.array(fc.record({
  at: fc.integer({ min: 0, max: 16 * minute }), venue: fc.constantFrom('x', 'y'), price: fc.integer({ min: 1, max: 9 }),
}), { maxLength: 120, size: 'max' }).map((list) => list.map((tick, index) => ({ ...tick, at: tick.at / 2 + (index * 8 * minute) / 120 })));

/** The last row of each key that opens within the bounds; `again` hangs on restarts. */
function within(rig: FoldRig, from: number, until: number): [string, Omit<TestBar, 'again'>][] {
  return [...rig.final].filter(([, { openAt }]) => openAt >= from * minute && openAt < until * minute)
    .map(([key, { again: _, ...row }]): [string, Omit<TestBar, 'again'>] => [key, row]).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('a lane with bounds', () => {
  const lane = { lane: { complete: false } };

  it('tells what lies within them exactly as one without', () => {
    fc.assert(fc.property(ticks, fc.integer({ min: 1, max: 50 }), (log, cut) => {
      const [bounded, free] = [rigOf({ from: 2, until: 8 }, lane), rigOf({}, lane)];
      for (let index = 0; index < log.length; index += cut) {
        for (const rig of [bounded, free]) rig.take(log.slice(index, index + cut));
      }
      expect(within(bounded, -Infinity, Infinity)).toEqual(within(free, 2, 8));
      expect(bounded.repeated).toEqual([]);
    }), { numRuns: 200 });
  });

  it('may get them at a restart: what it has of other times by then is let go', () => {
    fc.assert(fc.property(ticks, fc.nat({ max: 120 }), (log, border) => {
      const [before, after, free] = [rigOf({}, lane), rigOf({ from: 2, until: 8 }, lane), rigOf({}, lane)];
      before.take(log.slice(0, border));
      after.resume(structuredClone(before.save()));
      for (const rig of [after, before]) rig.take(log.slice(border));
      free.take(log);
      expect(after.rows.filter(({ openAt }) => openAt < 2 * minute || openAt >= 8 * minute)).toEqual([]);
      const told = new Map([...before.final, ...after.final]);
      expect(within(free, 2, 8).map(([key]) => told.has(key))).not.toContain(false);
      expect(within(after, 2, 8)).toEqual(within(before, 2, 8).filter(([key]) => after.final.has(key)));
    }), { numRuns: 200 });
  });

  it('keeps them over a restart', () => {
    const bounds = { from: 2, until: 8 };
    fc.assert(fc.property(ticks, fc.nat({ max: 120 }), (log, border) => {
      const [before, after, whole] = [rigOf(bounds, lane), rigOf(bounds, lane), rigOf(bounds, lane)];
      before.take(log.slice(0, border));
      after.resume(structuredClone(before.save()));
      after.take(log.slice(border));
      whole.take(log.slice(0, border)).take(log.slice(border));
      const told = new Map([...before.final, ...after.final].map(([key, { again: _, ...row }]) => [key, row]));
      expect([...told].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(within(whole, 2, 8));
      expect(before.admission.counts.excluded + after.admission.counts.excluded).toBe(whole.admission.counts.excluded);
    }), { numRuns: 100 });
  });

  it('may have wider ones only while nothing was excluded that it would need', () => {
    const widened = (minutes: readonly number[], old: { from?: number; until?: number }, now: { from?: number; until?: number }) => () => {
      const saved = rigOf(old).take(at(...minutes)).save();
      rigOf(now).resume(saved);
    };
    const refusal = expect.objectContaining({ code: 'settings-changed' }) as unknown as Error;
    expect(widened([3], { until: 4 }, { until: 6 })).not.toThrow();
    expect(widened([3], { until: 4 }, {})).not.toThrow();
    expect(widened([3, 4], { until: 4 }, { until: 6 })).toThrow(refusal);
    expect(widened([3, 4], { until: 4 }, {})).toThrow(/`until` was 2024-01-01T00:04:00.000Z .* and is empty now/);
    expect(widened([], { from: 4 }, { from: 2 })).not.toThrow();
    expect(widened([5], { from: 4 }, { from: 2 })).toThrow(/`from` was/);
    expect(widened([5], { from: 4, until: 8 }, { from: 6, until: 7 })).not.toThrow();
  });
});
