import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TablesState } from '../../src/operators/tables-state.ts';
import type { TimeBarsState } from '../../src/operators/time-bars-snapshot.ts';
import { FoldRig, keyOf, dawn, throughBytes, type TestBar } from './fold-rig.ts';
import { foldPlainly } from './plain-fold.ts';
import { cuts, foldInCuts, itemsOf, steps } from './plain-log.ts';

const specs = [{ name: '1s', ms: 1_000 }, { name: '5s', ms: 5_000 }, { name: '1m', ms: 60_000 }];
/** Its base grid, 30 s, is no spec of its own. */
const unstored = [{ name: '90s', ms: 90_000 }, { name: '2m', ms: 120_000 }];

const withoutAgain = (rows: ReadonlyMap<string, TestBar>): [string, Omit<TestBar, 'again'>][] =>
  [...rows].map(([key, { again: _, ...row }]) => [key, row] as [string, Omit<TestBar, 'again'>]).sort(([a], [b]) => (a < b ? -1 : 1));

/** Some are no multiple of a base grid: then windows close in the middle of others. */
const disorders = fc.constantFrom(0, 500, 2_000, 2_300);

function rigOf(chosen: readonly { name: string }[], disorderMs = 2_000): FoldRig {
  const settings = { ids: 'unique', out_of_orderness_ms: disorderMs } as const;
  return new FoldRig({ specs: chosen.map(({ name }) => name), settings });
}

/** With names in the place of places: those depend on who came first. */
function venuesOf({ timeBars }: ReturnType<FoldRig['save']>): unknown[] {
  const { venues, names } = timeBars.state as TimeBarsState;
  const named = (tables: TablesState): unknown =>
    ({ ...tables, instruments: [...tables.instruments].map((place) => names.symbols[place]) });
  return venues.map(({ venue, base, windows, ...rest }) => ({
    ...rest, venue: names.venues[venue], base: { ...base, tables: named(base.tables) },
    windows: { ...windows, tables: named(windows.tables) },
  })).sort((a, b) => (a.venue < b.venue ? -1 : 1));
}

describe('the fold', () => {
  it.each([['with its base grid', specs], ['without it', unstored]])('%s agrees with the definition', (_, chosen) => {
    const met = new Set<string>(); // A comparison of quiet logs would prove little.
    fc.assert(fc.property(steps, cuts, disorders, (log, cut, disorderMs) => {
      const items = itemsOf(log);
      const expected = foldPlainly(items, { specs: chosen, disorderMs });
      const rig = foldInCuts(items, cut, rigOf(chosen, disorderMs)).end();
      expect(withoutAgain(rig.final)).toEqual(
        [...expected.bars].sort(([a], [b]) => (a < b ? -1 : 1)));
      expect(rig.admission.counts).toMatchObject({ late: expected.late, duplicate: expected.duplicate });
      expect(rig.repeated).toEqual([]);
      for (const row of rig.rows) met.add(`quality ${row.quality}, revised ${row.revision > 0}, whole ${row.whole}`);
      if (expected.late > 0) met.add('late');
      if (expected.duplicate > 0) met.add('duplicate');
    }), { numRuns: 150 });
    expect([...met].sort()).toEqual([
      'duplicate', 'late', 'quality 0, revised false, whole true', 'quality 0, revised true, whole true',
      'quality 2, revised false, whole false', 'quality 2, revised false, whole true',
      'quality 2, revised true, whole false', 'quality 2, revised true, whole true',
    ]);
  });

  it('does not depend on how the log was cut, to the last bit, nor on whether the clock was told', () => {
    fc.assert(fc.property(steps, cuts, cuts, disorders, (log, one, other, disorderMs) => {
      const items = itemsOf(log).map((item) => ('at' in item ? { ...item, price: item.price / 3, size: item.size / 7 } : item));
      const first = foldInCuts(items, one, rigOf(specs, disorderMs)).end();
      const second = foldInCuts(items, other, rigOf(specs, disorderMs)).tellTime(dawn + 1e9).end();
      expect(withoutAgain(second.final)).toEqual(withoutAgain(first.final));
      expect(second.lateTicks).toEqual(first.lateTicks);
    }), { numRuns: 150 });
  });

  it('marks a row as emitted before if and only if its key was', () => {
    fc.assert(fc.property(steps, cuts, (log, cut) => {
      const rig = foldInCuts(itemsOf(log), cut, rigOf(specs)).tellTime(dawn + 1e9).end();
      const known = new Set<string>();
      for (const row of rig.rows) {
        expect(row.again).toBe(known.has(keyOf(row)));
        known.add(keyOf(row));
      }
    }), { numRuns: 60 });
  });

  it('goes on from a snapshot at any border of batches as if nothing had happened', async () => {
    await fc.assert(fc.asyncProperty(steps, cuts, fc.nat({ max: 250 }), async (log, cut, at) => {
      const items = itemsOf(log);
      const whole = foldInCuts(items, cut, rigOf(specs));
      const before = foldInCuts(items.slice(0, at), cut, rigOf(specs)).tellTime(dawn + 1e9);
      const after = rigOf(specs);
      after.instruments.intern('y', 'first here'); // Indices mean nothing in another process.
      const saved = await throughBytes(before.save());
      after.resume(saved);
      expect(venuesOf(after.save())).toEqual(venuesOf(saved));
      foldInCuts(items.slice(at), cut, after).end();
      const merged = new Map([...before.final, ...after.final]);
      expect(withoutAgain(merged)).toEqual(withoutAgain(whole.end().final));
      expect(before.admission.counts.late + after.admission.counts.late).toBe(whole.admission.counts.late);
      expect(before.admission.counts.duplicate + after.admission.counts.duplicate).toBe(whole.admission.counts.duplicate);
      expect(after.rows.filter((row) => row.again !== (before.final.has(keyOf(row)) || after.isRepeated(row)))).toEqual([]);
    }), { numRuns: 150 });
  });
});
