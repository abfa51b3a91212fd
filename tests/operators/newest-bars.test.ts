import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/model/bar.ts';
import { dawn, FoldRig, type RigOptions, type TestBar } from './fold-rig.ts';
import { foldPlainly, type PlainResult } from './plain-fold.ts';
import { cuts, foldInCuts, itemsOf, steps } from './plain-log.ts';

const specs = [{ name: '1s', ms: 1_000 }, { name: '5s', ms: 5_000 }, { name: '1m', ms: 60_000 }];
/** Its base grid, 30 s, is no spec of its own. */
const unstored = [{ name: '90s', ms: 90_000 }, { name: '2m', ms: 120_000 }];
const venues = ['x', 'y'];
const symbols = ['A', 'B', '__proto__'];

function optionsOf(chosen: readonly { name: string }[]): RigOptions {
  return { specs: chosen.map(({ name }) => name), settings: { ids: 'unique' } };
}

/** The newest bars that there are, by venue, symbol and spec, from newer to older. */
function newestOf(rig: FoldRig): [string, TestBar[]][] {
  const found: [string, TestBar[]][] = [];
  for (const venue of venues) {
    for (const symbol of symbols) {
      for (const spec of rig.specs) {
        const bars = rig.newestBars(venue, symbol, spec);
        if (bars.length > 0) found.push([JSON.stringify([venue, symbol, spec]), bars]);
      }
    }
  }
  return found;
}

function newestPlainly({ bars, horizonOf }: PlainResult): [string, Omit<TestBar, 'again'>[]][] {
  const newest = new Map<string, Omit<TestBar, 'again'>[]>();
  for (const bar of [...bars.values()].sort((a, b) => b.openAt - a.openAt)) {
    if (bar.closeAt <= horizonOf(bar.venue)) continue;
    const key = JSON.stringify([bar.venue, bar.symbol, bar.spec]);
    const before = newest.get(key);
    if (before === undefined) newest.set(key, [bar]);
    else if (bar.state === 1) before.push(bar);
  }
  return [...newest].sort(byKey);
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Asks for the newest bar of each row that it is given, while it is given it. */
class AskingRig extends FoldRig {
  readonly differences: string[] = [];
  asked = 0;

  override bars(block: BarColumns): void {
    const before = this.rows.length;
    super.bars(block);
    for (const row of this.rows.slice(before)) {
      const newest = this.newestBar(row.venue, row.symbol, row.spec);
      if (newest === null || newest.openAt !== row.openAt) continue;
      this.asked++;
      if (JSON.stringify(newest) !== JSON.stringify(row)) this.differences.push(JSON.stringify({ newest, row }));
    }
  }
}

describe('the newest bars', () => {
  it.each([['with the base grid', specs], ['without it', unstored]])('are those of the ticks so far, %s', (_, chosen) => {
    const met = new Set<string>();
    fc.assert(fc.property(steps, cuts, fc.array(fc.nat({ max: 250 }), { maxLength: 4 }), (log, cut, moments) => {
      const items = itemsOf(log);
      const rig = new FoldRig(optionsOf(chosen));
      let from = 0;
      for (const moment of [...moments.filter((at) => at < items.length), items.length].sort((a, b) => a - b)) {
        foldInCuts(items.slice(from, moment), cut, rig);
        from = moment;
        const found = newestOf(rig).map(([key, bars]) => [key, bars.map(({ again: _again, ...bar }) => bar)] as const).sort(byKey);
        const plain = foldPlainly(items.slice(0, moment), { specs: chosen, disorderMs: 2_000, goesOn: true });
        expect(found).toEqual(newestPlainly(plain));
        for (const [, [newest, ...older]] of found) {
          met.add(`state ${newest.state}`).add(`quality ${newest.quality}`).add(`one of several: ${older.length > 0}`);
        }
      }
    }), { numRuns: 100 });
    expect([...met].sort()).toEqual(
      ['one of several: false', 'one of several: true', 'quality 0', 'quality 2', 'state 1', 'state 3']);
  });

  it('are the row that is being emitted, every field, where that is the newest', () => {
    let asked = 0;
    fc.assert(fc.property(steps, cuts, fc.boolean(), (log, cut, isTold) => {
      const rig = new AskingRig(optionsOf(specs));
      foldInCuts(itemsOf(log), cut, rig);
      if (isTold) rig.tellTime(dawn + 1e9);
      rig.end();
      expect(rig.differences).toEqual([]);
      asked += rig.asked;
    }), { numRuns: 100 });
    expect(asked).toBeGreaterThan(100);
  });

  it('change nothing: rows and snapshots are those of a fold that nobody looks at', () => {
    fc.assert(fc.property(steps, cuts, (log, cut) => {
      const items = itemsOf(log);
      const [watched, alone] = [new AskingRig(optionsOf(specs)), new FoldRig(optionsOf(specs))];
      for (let from = 0; from < items.length; from += 7) {
        foldInCuts(items.slice(from, from + 7), cut, watched);
        foldInCuts(items.slice(from, from + 7), cut, alone);
        newestOf(alone); // So that the instruments of both come in one order.
        newestOf(watched);
        newestOf(watched);
      }
      expect(watched.save()).toEqual(alone.save());
      expect(watched.end().rows).toEqual(alone.end().rows);
    }), { numRuns: 50 });
  });

  it('are the same behind a restart, but for the position of the record that closed it', () => {
    fc.assert(fc.property(steps, cuts, (log, cut) => {
      const before = foldInCuts(itemsOf(log), cut, new FoldRig(optionsOf(specs)));
      const after = new FoldRig(optionsOf(specs));
      after.resume(before.save());
      const known = ([key, bars]: [string, TestBar[]]): unknown => [
        key, bars.map((bar) => (bar.state === 3 ? { ...bar, position: null } : bar))];
      expect(newestOf(after).map(known)).toEqual(newestOf(before).map(known));
    }), { numRuns: 50 });
  });

  it('are forming until the watermark passes their ends, and gone once they are settled', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] });
    expect(rig.newestBar('venue', 'A', '1s')).toBeNull();
    rig.take([{ at: 100, price: 3 }]);
    expect(rig.newestBar('venue', 'A', '1s')).toMatchObject({ openAt: 0, closeAt: 1_000, close: 3, state: 1, again: false });
    rig.take([{ at: 3_500, symbol: 'B' }]);
    expect(rig.newestBar('venue', 'A', '1s')).toMatchObject({ openAt: 0, state: 3, again: true });
    rig.take([{ at: 50_000, symbol: 'B' }]);
    expect(rig.newestBar('venue', 'A', '1s')).toBeNull();
    expect(rig.newestBar('venue', 'A', '1m')).toMatchObject({ openAt: 0, close: 3, trades: 1, state: 1 });
  });
});
