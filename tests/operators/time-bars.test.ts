import { describe, expect, it } from 'vitest';
import { barState, quality } from '../../src/model/bar.ts';
import { dawn, FoldRig, type TestBar } from './fold-rig.ts';

const minute = 60_000;
const openTimes = (rows: readonly TestBar[]): number[] => rows.map(({ openAt }) => openAt);

describe('windows', () => {
  it('are [open, close): a tick on a boundary belongs to the window that it opens', () => {
    const rig = new FoldRig({ specs: ['1m'] });
    rig.take([{ at: 0, price: 1 }, { at: minute - 0.001, price: 2 }, { at: minute, price: 3 }]).end();
    expect(rig.rows).toMatchObject([
      { openAt: 0, closeAt: minute, open: 1, close: 2 }, { openAt: minute, closeAt: 2 * minute, open: 3, close: 3 },
    ]);
  });

  it('are cut by the event time, never by the time of receipt', () => {
    const rig = new FoldRig({ specs: ['1m'] }).take([{ at: 5 }], { receivedTimeMs: dawn + 3 * minute }).end();
    expect(openTimes(rig.rows)).toEqual([0]);
  });

  it('without ticks do not exist', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] }).take([{ at: 0 }, { at: 6 * 86_400_000 }]).end();
    expect(rig.rows).toHaveLength(4);
  });

  it('lie before 1970 as they do after it: rounded down, not towards zero', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] });
    const batch = rig.batchOf([{ at: -dawn - 0.5 }, { at: -dawn - 60_000 }]);
    rig.timeBars.onBatch(batch, rig);
    rig.end();
    expect(rig.rows.map(({ spec, openAt }) => [spec, openAt + dawn])).toEqual([
      ['1s', -60_000], ['1s', -1_000], ['1m', -60_000],
    ]);
  });

  it('of 1970 begin at 0, not before', () => {
    const rig = new FoldRig({ specs: ['1w', '1d'] }).take([{ at: -dawn }]).end();
    expect(rig.rows.map(({ spec, openAt }) => [spec, openAt + dawn])).toEqual([['1w', -3 * 86_400_000], ['1d', 0]]);
  });
});

describe('order inside a bar', () => {
  it('goes by event time, not by arrival', () => {
    const rig = new FoldRig().take([{ at: 500, price: 5 }, { at: 900, price: 9 }, { at: 100, price: 1 }, { at: 300, price: 3 }]).end();
    expect(rig.rows).toMatchObject([{ open: 1, close: 9, high: 9, low: 1 }]);
  });

  it('goes by `order` where event times are the same', () => {
    const rig = new FoldRig();
    const batch = rig.batchOf([{ at: 5, price: 1 }, { at: 5, price: 2 }, { at: 5, price: 3 }], { order: Float64Array.of(20, 30, 10) });
    rig.takeBatch(batch).end();
    expect(rig.rows).toMatchObject([{ open: 3, close: 2 }]);
  });

  it('goes by the place in the log where even that is the same', () => {
    const rig = new FoldRig();
    rig.takeBatch(rig.batchOf([{ at: 5, price: 1 }, { at: 5, price: 2 }], { order: Float64Array.of(7, 7) })).end();
    expect(rig.rows).toMatchObject([{ open: 1, close: 2 }]);
  });
});

describe('fields', () => {
  it('have volume by aggressor, and notional as sum of price times size', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0, price: 2, size: 3, side: 1 }, { at: 1, price: 5, size: 7, side: 2 }, { at: 2, price: 11, size: 13 }]).end();
    expect(rig.rows).toMatchObject([{ volume: 23, notional: 184, buyVolume: 3, sellVolume: 7, trades: 3, quality: 0, whole: true }]);
  });

  it('of one instrument have nothing to do with those of another, or of the same symbol elsewhere', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0, price: 1 }, { at: 0, price: 2, symbol: 'B' }, { at: 0, price: 3, venue: 'other' }]).end();
    expect(rig.rows.map(({ venue, symbol, close }) => [venue, symbol, close])).toEqual([
      ['venue', 'A', 1], ['venue', 'B', 2], ['other', 'A', 3],
    ]);
  });

  it('of negative prices are in order', () => {
    const rig = new FoldRig({ settings: { nonpositive_price: 'accept' } });
    rig.take([{ at: 0, price: -37, size: 2 }, { at: 1, price: 0 }, { at: 2, price: 5 }]).end();
    expect(rig.rows).toMatchObject([{ high: 5, low: -37, notional: -69 }]);
  });
});

describe('closing', () => {
  it('comes with the tick that takes the watermark to the end, and the row has the position of that tick', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0 }, { at: 2_999 }]);
    expect(rig.rows).toEqual([]);
    rig.take([{ at: 3_000 }]);
    expect(rig.rows).toMatchObject([{ openAt: 0, state: barState.closed, position: 2, revision: 0, again: false }]);
  });

  it('is of the venue alone', () => {
    const rig = new FoldRig().take([{ at: 0, venue: 'a' }, { at: 0, venue: 'b' }, { at: minute, venue: 'b' }]);
    expect(rig.rows.map(({ venue }) => venue)).toEqual(['b']);
  });

  it('inside a batch gives the position of the closing tick, not of the last one', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 3_000 }, { at: 3_001 }, { at: 3_002 }]);
    expect(rig.rows).toMatchObject([{ position: 1, revision: 0 }]);
  });

  it('of a coarser bar counts what is settled and what is not', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] });
    const seconds = Array.from({ length: 60 }, (_, n) => ({ at: n * 1_000, price: n + 1, size: 1 }));
    rig.take(seconds).takeRows();
    rig.take([{ at: minute + 2_000 }]);
    expect(rig.rows.filter(({ spec }) => spec === '1m')).toMatchObject([
      { open: 1, high: 60, low: 1, close: 60, trades: 60, volume: 60, notional: 1_830 },
    ]);
  });

  it('happens at the end of a complete log, under its position', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] }).take([{ at: 0 }]).end();
    expect(rig.rows).toMatchObject([{ spec: '1s', position: 1, state: 3 }, { spec: '1m', position: 1, state: 3 }]);
  });

  it('emits a window as one block, and a key once a call', () => {
    const rig = new FoldRig({ specs: ['1s', '1m', '5m'] });
    const ticks = Array.from({ length: 5_000 }, (_, n) => ({ at: n * 97 - (n % 5) * 700, symbol: `S${n % 9}` }));
    for (let n = 0; n < ticks.length; n += 500) rig.take(ticks.slice(n, n + 500));
    rig.end();
    expect(rig.repeated).toEqual([]);
    expect(rig.rows.reduce((sum, { spec, trades, again }) => sum + (spec === '1s' && !again ? trades : 0), 0)).toBe(5_000);
  });
});

describe('late ticks', () => {
  it('before the close are normal', () => {
    const rig = new FoldRig().take([{ at: 0, price: 1 }, { at: 2_999 }, { at: 999, price: 2 }]).end();
    expect(rig.rows[0]).toMatchObject({ open: 1, close: 2, revision: 0 });
  });

  it('after it revise the bar under the same key, one revision a tick, however they were batched', () => {
    const rig = new FoldRig().take([{ at: 0, price: 1 }, { at: 3_000 }]).take([{ at: 10, price: 5 }]);
    expect(rig.rows.at(-1)).toMatchObject({ openAt: 0, close: 5, trades: 2, revision: 1, position: 2, again: true, state: 3 });
    rig.take([{ at: 20, price: 6 }, { at: 30, price: 7 }]);
    expect(rig.rows.at(-1)).toMatchObject({ openAt: 0, close: 7, trades: 4, revision: 3, position: 4, again: true });
  });

  it('in the batch that closes the bar count as well', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 3_000 }, { at: 10 }]);
    expect(rig.rows).toMatchObject([{ openAt: 0, trades: 2, revision: 1, position: 2, again: false }]);
  });

  it('can make a bar where there was none: its first row has revision 1', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 4_000 }]).take([{ at: 1_500, symbol: 'B' }]);
    expect(rig.rows.at(-1)).toMatchObject({ symbol: 'B', openAt: 1_000, revision: 1, position: 2, again: false, state: 3 });
  });

  it('can be late for a short bar and in time for a long one', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'] }).take([{ at: 0 }, { at: 8_000 }]).take([{ at: 1 }]).end();
    expect(rig.final.get('["venue","A","1s",0]')).toMatchObject({ trades: 2, revision: 1 });
    expect(rig.final.get('["venue","A","1m",0]')).toMatchObject({ trades: 3, revision: 0 });
  });

  it('revise every bar that was built upon the one they revise', () => {
    const rig = new FoldRig({ specs: ['1s', '1m', '5m'] }).take([{ at: 0, price: 5 }, { at: 5 * minute + 2_000 }]);
    rig.take([{ at: 5 * minute - 1, price: 9 }]);
    expect(rig.rows.slice(-3).map(({ spec, openAt, close, trades, revision }) => [spec, openAt, close, trades, revision])).toEqual([
      ['1s', 5 * minute - 1_000, 9, 1, 1], ['1m', 4 * minute, 9, 1, 1], ['5m', 0, 9, 2, 1],
    ]);
  });

  it('at the horizon still come in; then the bar is settled and its memory given back', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 12_999 }]).take([{ at: 999 }]);
    expect(rig.rows.at(-1)).toMatchObject({ openAt: 0, revision: 1 });
    expect(rig.timeBars.counts.openBars).toBe(2);
    rig.take([{ at: 13_000, symbol: 'B' }, { at: 999 }]);
    expect(rig.lateTicks).toHaveLength(1);
    expect(rig.timeBars.counts.openBars).toBe(2);
  });
});

describe('bars that may have missed ticks', () => {
  const partial = { lane: { complete: false }, specs: ['1s', '1m'] };

  it('because they opened before, or too soon after, the first tick are partial and not whole', () => {
    const rig = new FoldRig(partial).take([{ at: 500 }, { at: 1_000 }, { at: 2_000 }, { at: 3_000 }, { at: minute }]).end();
    expect(rig.rows.filter(({ spec }) => spec === '1s').map(({ openAt, quality: one, whole }) => [openAt, one, whole])).toEqual([
      [0, 1, false], [1_000, 1, false], [2_000, 1, false], [3_000, 0, true], [minute, 0, true],
    ]);
    expect(rig.final.get('["venue","A","1m",0]')).toMatchObject({ quality: quality.partial, whole: false });
    expect(rig.final.get(`["venue","A","1m",${minute}]`)).toMatchObject({ quality: quality.complete, whole: true });
  });

  it('are none in a log that is declared to begin at the beginning', () => {
    expect(new FoldRig().take([{ at: 500 }]).end().rows).toMatchObject([{ quality: quality.complete, whole: true }]);
  });

  it('are counted from the first tick of their own venue', () => {
    const rig = new FoldRig(partial).take([{ at: 0, venue: 'a' }, { at: minute, venue: 'b' }, { at: minute, venue: 'a' }]).end();
    expect(rig.final.get(`["a","A","1s",${minute}]`)).toMatchObject({ whole: true });
    expect(rig.final.get(`["b","A","1s",${minute}]`)).toMatchObject({ whole: false });
  });
});

describe('our clock', () => {
  const silent = (): FoldRig => new FoldRig({ specs: ['1s'] }).take([{ at: 0, price: 1 }], { receivedTimeMs: dawn });

  it('closes bars of a silent venue as provisional, once both its waits are over', () => {
    expect(silent().tellTime(dawn + 4_999).rows).toEqual([]);
    expect(silent().tellTime(dawn + 5_000).rows).toMatchObject([{ state: barState.provisional, position: 0, again: false }]);
    const slow = new FoldRig({ settings: { idle_ms: 100 } }).take([{ at: 0 }], { receivedTimeMs: dawn });
    expect(slow.tellTime(dawn + 2_999).rows).toEqual([]);
    expect(slow.tellTime(dawn + 3_000).rows).toHaveLength(1);
  });

  it('says nothing twice', () => {
    expect(silent().tellTime(dawn + 5_000).tellTime(dawn + 6_000).rows).toHaveLength(1);
  });

  it('leaves a provisional bar that takes another tick provisional, at its new position', () => {
    const rig = silent().tellTime(dawn + 5_000);
    rig.take([{ at: 500, price: 2 }]);
    expect(rig.rows.at(-1)).toMatchObject({ state: barState.provisional, close: 2, position: 1, revision: 0, again: true });
  });

  it("closes nothing for the log: the venue's next ticks do, with their position and without a revision", () => {
    const rig = silent().tellTime(dawn + 5_000).take([{ at: 500 }]).take([{ at: 86_400_000 }]);
    expect(rig.rows.at(-1)).toMatchObject({ openAt: 0, state: barState.closed, position: 2, revision: 0, again: true });
  });

  it('does not close bars of a venue that speaks', () => {
    const rig = new FoldRig().take([{ at: 0, venue: 'a' }, { at: 0, venue: 'b' }], { receivedTimeMs: dawn });
    rig.take([{ at: 1, venue: 'b' }], { receivedTimeMs: dawn + 4_000 }).tellTime(dawn + 5_000);
    expect(rig.rows.map(({ venue }) => venue)).toEqual(['a']);
  });

  it('is told when it closes something: then and not before, and never where nothing is open', () => {
    expect(new FoldRig().timeDueAtMs).toBe(Infinity);
    expect(silent().timeDueAtMs).toBe(dawn + 5_000);
    expect(silent().tellTime(dawn + 5_000).timeDueAtMs).toBe(Infinity);
    expect(silent().tellTime(dawn + 5_000).take([{ at: 500 }], { receivedTimeMs: dawn + 6_000 }).timeDueAtMs).toBe(Infinity);
    const several = new FoldRig({ specs: ['1s', '1m'] }).take([{ at: 0, venue: 'a' }, { at: 500, venue: 'b' }], { receivedTimeMs: dawn });
    several.take([{ at: 2_500, venue: 'b' }], { receivedTimeMs: dawn + 2_000 });
    const closings: number[] = [];
    for (let dueAtMs = several.timeDueAtMs; dueAtMs < Infinity; dueAtMs = several.timeDueAtMs) {
      const before = several.rows.length;
      expect(several.tellTime(dueAtMs - 1).rows).toHaveLength(before);
      expect(several.tellTime(dueAtMs).rows.length).toBeGreaterThan(before);
      closings.push(dueAtMs - dawn);
    }
    expect(closings).toEqual([5_000, 7_000, minute + 2_000]);
  });

  it('changes nothing of what the log says in the end', () => {
    const ticks = [{ at: 0 }, { at: 700 }, { at: 5_000 }, { at: 900 }, { at: 6_000 }];
    const told = new FoldRig({ specs: ['1s', '1m'] });
    for (const tick of ticks) told.take([tick], { receivedTimeMs: dawn + tick.at }).tellTime(dawn + 3_600_000);
    const untold = new FoldRig({ specs: ['1s', '1m'] }).take(ticks).end();
    const plain = ({ final }: FoldRig): unknown[] => [...final.values()].map(({ again: _, ...row }) => row)
      .sort((a, b) => a.openAt - b.openAt || a.spec.localeCompare(b.spec));
    expect(plain(told.end())).toEqual(plain(untold));
  });
});
