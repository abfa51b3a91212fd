import { describe, expect, it } from 'vitest';
import { GapList } from '../../src/operators/gap-list.ts';
import { laneOf } from '../support/batches.ts';
import { dawn, FoldRig } from './fold-rig.ts';

const gapAt = (from: number, until: number) => ({ fromMs: dawn + from, untilMs: dawn + until }) as const;

describe('a gap', () => {
  it('is passed on once', () => {
    const rig = new FoldRig().take([{ at: 0 }]).takeGap(gapAt(0, 1)).take([{ at: 60_000 }]).end();
    expect(rig.gaps).toHaveLength(1);
  });

  it('makes every bar that it touches quality gap, at either end: [from, until) against [open, close)', () => {
    const rig = new FoldRig().take([0, 1_000, 2_000, 3_000, 4_000].map((at) => ({ at })));
    rig.takeGap(gapAt(1_999, 3_001)).end();
    expect([...rig.final.values()].map(({ openAt, quality }) => [openAt, quality])).toEqual(
      [[0, 0], [1_000, 2], [2_000, 2], [3_000, 2], [4_000, 0]]);
    const edges = new FoldRig().take([0, 1_000, 2_000].map((at) => ({ at }))).takeGap(gapAt(1_000, 2_000)).end();
    expect(edges.rows.map(({ quality }) => quality)).toEqual([0, 2, 0]);
  });

  it('touches coarser bars too, and bars whose first tick comes later', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] }).takeGap(gapAt(30_000, 31_000)).take([{ at: 0 }, { at: 30_500 }, { at: 90_000 }]).end();
    expect(rig.rows.filter(({ quality }) => quality === 2).map(({ spec, openAt }) => [spec, openAt])).toEqual([
      ['1s', 30_000], ['1m', 0],
    ]);
  });

  it('emits closed bars again, at its position, with the revision as it was, as long as they are not settled', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 1_000 }, { at: 13_000 }, { at: 1_500 }]);
    rig.takeRows();
    rig.takeGap(gapAt(-5_000, 5_000));
    expect(rig.rows).toMatchObject([{ openAt: 1_000, quality: 2, revision: 1, position: 4, again: true, state: 3, whole: true }]);
  });

  it('changes nothing where a bar had such a gap already', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 5_000 }]).takeGap(gapAt(0, 500));
    rig.takeRows();
    expect(rig.takeGap(gapAt(300, 900)).rows).toEqual([]);
    expect(rig.takeGap({ ...gapAt(300, 900), reason: 'dropped-batch' }).rows).toMatchObject([{ whole: false, position: 4 }]);
  });

  it('that begins where a closed bar ends, or ends where it begins, does not emit it again', () => {
    const rig = new FoldRig().take([{ at: 1_500 }, { at: 5_000 }]);
    rig.takeRows();
    expect(rig.takeGap(gapAt(2_000, 3_000)).takeGap(gapAt(0, 1_000)).rows).toEqual([]);
    expect(rig.takeGap(gapAt(1_999, 3_000)).rows).toHaveLength(1);
  });

  it('gives a provisional bar its position, and leaves it provisional', () => {
    const rig = new FoldRig().take([{ at: 0 }], { receivedTimeMs: dawn }).tellTime(dawn + 9_000).takeGap(gapAt(0, 10_000));
    expect(rig.rows.at(-1)).toMatchObject({ state: 2, quality: 2, position: 1, again: true });
  });

  it('that is our own loss makes bars not whole; an outage of the venue does not', () => {
    const wholeAfter = (reason: 'venue-outage' | 'dropped-batch' | 'restart' | 'disconnect' | 'deleted-records'): boolean =>
      new FoldRig().take([{ at: 0 }]).takeGap({ ...gapAt(0, 1), reason }).end().rows[0].whole;
    expect(wholeAfter('venue-outage')).toBe(true);
    expect(wholeAfter('dropped-batch')).toBe(false);
    expect(wholeAfter('restart')).toBe(false);
    expect(wholeAfter('disconnect')).toBe(false);
    expect(wholeAfter('deleted-records')).toBe(false);
  });

  it('makes a partial bar worse, and it stays not whole', () => {
    const rig = new FoldRig({ lane: { complete: false } }).take([{ at: 0 }, { at: 3_000 }]).takeGap(gapAt(0, 1));
    expect(rig.rows).toMatchObject([{ quality: 1, whole: false }, { quality: 2, whole: false, position: 2 }]);
    expect(rig.takeGap({ ...gapAt(0, 1), reason: 'restart' }).rows).toHaveLength(2);
  });

  it('concerns its venue, its instruments and its bar spec alone', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] });
    const ticks = ['a', 'b'].flatMap((venue) => ['X', 'Y'].map((symbol) => ({ at: 0, venue, symbol })));
    rig.take(ticks);
    rig.takeGap({ ...gapAt(0, 1), venue: rig.instruments.venueIndex('a'), barSpec: '1m' });
    rig.takeGap({ ...gapAt(0, 1), instruments: Int32Array.of(rig.instruments.intern('b', 'Y')) });
    rig.takeGap({ ...gapAt(0, 1), barSpec: '4h', reason: 'dropped-rows' });
    rig.end();
    expect(rig.rows.filter(({ quality }) => quality === 2).map(({ venue, symbol, spec }) => `${venue}/${symbol}/${spec}`).sort())
      .toEqual(['a/X/1m', 'a/Y/1m', 'b/Y/1m', 'b/Y/1s']);
  });

  it('of no length touches nothing', () => {
    const rig = new FoldRig().take([{ at: 0 }]).takeGap(gapAt(5, 5)).end();
    expect(rig.rows).toMatchObject([{ quality: 0 }]);
  });

  it('waits for a venue whose time lies behind the others', () => {
    const rig = new FoldRig().take([{ at: 0, venue: 'a' }]).takeGap(gapAt(0, 1_000));
    rig.take([{ at: 60_000, venue: 'a' }, { at: 120_000, venue: 'a' }]).take([{ at: 0, venue: 'b' }]).end();
    expect(rig.final.get('["b","A","1s",0]')).toMatchObject({ quality: 2 });
  });
});

describe('the list of gaps', () => {
  const gap = (fromMs: number, untilMs: number) => ({
    kind: 'gap', lane: laneOf(), position: 0, instruments: 'all', venue: 0, fromMs, untilMs, reason: 'disconnect', ticksLost: 0,
  }) as const;
  const stretchesOf = (list: GapList): number => list.snapshot().byVenue.keys.length;

  it('joins what touches, in any order', () => {
    const list = new GapList();
    for (const [from, until] of [[10, 20], [40, 50], [20, 30], [5, 6], [25, 45]]) list.add(gap(from, until), -1);
    const { fromMs, untilMs } = list.snapshot().byVenue;
    expect([[...fromMs], [...untilMs]]).toEqual([[5, 10], [6, 50]]);
  });

  it('has an end, at the cost of its oldest holes', () => {
    const list = new GapList();
    for (let n = 0; n < 10_000; n++) list.add(gap(n * 10, n * 10 + 1), -1);
    expect(stretchesOf(list)).toBe(256);
    expect(list.flawOf({ venue: 0, spec: 0, openMs: 99_992, endMs: 99_999 })).toBe(0);
    expect(list.flawOf({ venue: 0, spec: 0, openMs: 99_990, endMs: 99_999 })).toBe(2);
  });

  it('forgets what no bar of the venue can touch any more', () => {
    const list = new GapList();
    list.add(gap(0, 10), -1);
    list.prune(1, 1_000, new Int32Array(0));
    expect(stretchesOf(list)).toBe(1);
    list.prune(0, 9, new Int32Array(0));
    expect(stretchesOf(list)).toBe(1);
    list.prune(0, 10, new Int32Array(0));
    expect(list.isEmpty).toBe(true);
  });
});
