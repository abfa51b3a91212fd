import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { AdmissionOptions } from '../../src/operators/admission.ts';
import { dawn, FoldRig, throughBytes, type RigOptions, type TestBar, type TestTick } from './fold-rig.ts';

const second = 1_000;

/** Ticks of two symbols, two a second each, [fromSecond, untilSecond). */
function ticks(fromSecond: number, untilSecond: number): TestTick[] {
  const list: TestTick[] = [];
  for (let at = fromSecond * second; at < untilSecond * second; at += 500) {
    list.push({ at, price: 100 + (at % 7_000) / 500, symbol: 'A' }, { at: at + 1, price: 50 + (at % 3_000) / 500, symbol: 'B' });
  }
  return list;
}

const resumed = async (before: FoldRig, options: RigOptions): Promise<FoldRig> => {
  const after = new FoldRig(options);
  after.resume(await throughBytes(before.save()));
  return after;
};

const barsOf = (rig: FoldRig, spec: string): Omit<TestBar, 'again'>[] =>
  rig.rows.filter((row) => row.spec === spec).map(({ again: _, ...row }) => row)
    .sort((a, b) => a.openAt - b.openAt || (a.symbol < b.symbol ? -1 : 1));

function refusal(before: FoldRig, options: RigOptions): MdpError {
  try {
    new FoldRig(options).resume(before.save());
  } catch (error) {
    if (error instanceof MdpError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a bar spec that is new', () => {
  const before = new FoldRig({ specs: ['1s', '1m'] }).take(ticks(0, 100)); // The horizon is 12 s behind 99.501.

  it('gives whole bars from the lateness horizon on, and before it none that say so', async () => {
    const after = (await resumed(before, { specs: ['1s', '10s', '1m'] })).take(ticks(100, 200)).end();
    const whole = new FoldRig({ specs: ['1s', '10s', '1m'] }).take(ticks(0, 200)).end();
    const ours = barsOf(after, '10s');
    expect(ours.map(({ openAt, whole: isWhole }) => [openAt / second, isWhole]).filter((_, at) => at % 2 === 0)).toEqual([
      [90, true], [100, true], [110, true], [120, true], [130, true], [140, true], [150, true], [160, true], [170, true],
      [180, true], [190, true],
    ]);
    expect(ours).toEqual(barsOf(whole, '10s').filter(({ openAt }) => openAt >= 90 * second));
  });

  it('has a first bar that is not whole where that opened before', async () => {
    const after = (await resumed(before, { specs: ['1s', '1m', '2m'] })).take(ticks(100, 300)).end();
    expect(barsOf(after, '2m').map(({ openAt, whole }) => [openAt / second, whole])).toEqual([
      [0, false], [0, false], [120, true], [120, true], [240, true], [240, true],
    ]);
  });

  it('changes nothing for the others', async () => {
    const after = (await resumed(before, { specs: ['2m', '1s', '10s', '1m'] })).take(ticks(100, 200)).end();
    const same = (await resumed(before, { specs: ['1s', '1m'] })).take(ticks(100, 200)).end();
    for (const spec of ['1s', '1m']) expect(barsOf(after, spec)).toEqual(barsOf(same, spec));
    expect(barsOf(after, '1m').every(({ whole }) => whole)).toBe(true);
  });

  it('may be that of the base grid, which was not stored', async () => {
    const unstored = new FoldRig({ specs: ['10s', '15s'] }).take(ticks(0, 100));
    const after = (await resumed(unstored, { specs: ['10s', '15s', '5s'] })).take(ticks(100, 130)).end();
    const whole = new FoldRig({ specs: ['10s', '15s', '5s'] }).take(ticks(0, 130)).end();
    for (const spec of ['10s', '15s']) {
      expect(barsOf(after, spec)).toEqual(barsOf(whole, spec).filter((row) => !unstored.final.has(JSON.stringify(
        [row.venue, row.symbol, row.spec, row.openAt]))));
    }
    expect(barsOf(after, '5s').slice(-12)).toEqual(barsOf(whole, '5s').slice(-12));
  });
});

describe('a bar of a log whose beginning is unknown', () => {
  it('stays not whole over a snapshot', async () => {
    const options = { specs: ['1s', '1m'], lane: { complete: false } };
    const after = (await resumed(new FoldRig(options).take(ticks(10, 50)), options)).take(ticks(50, 200));
    expect(barsOf(after, '1m').map(({ openAt, whole }) => [openAt / second, whole])).toEqual([
      [0, false], [0, false], [60, true], [60, true], [120, true], [120, true],
    ]);
  });
});

describe('a bar spec that is gone', () => {
  it('is dropped, and the others go on', async () => {
    const before = new FoldRig({ specs: ['1s', '10s', '1m'] }).take(ticks(0, 100));
    const after = (await resumed(before, { specs: ['1m', '1s'] })).take(ticks(100, 200)).end();
    const whole = new FoldRig({ specs: ['1s', '1m'] }).take(ticks(0, 200)).end();
    expect(barsOf(after, '10s')).toEqual([]);
    expect([...before.final, ...after.final].filter(([, row]) => row.spec !== '10s').length).toBe(whole.final.size);
    expect(barsOf(after, '1m').at(-1)).toEqual(barsOf(whole, '1m').at(-1));
  });

  it('takes its own gaps with it', async () => {
    const before = new FoldRig({ specs: ['1s', '10s'] }).take(ticks(0, 5));
    before.takeGap({ fromMs: dawn, untilMs: dawn + 20 * second, reason: 'dropped-rows', barSpec: '10s' });
    const after = (await resumed(before, { specs: ['1s'] })).take(ticks(5, 8)).end();
    expect(after.rows.map(({ quality }) => quality)).toEqual(after.rows.map(() => 0));
    const kept = (await resumed(before, { specs: ['10s', '1s'] })).take(ticks(5, 8)).end();
    expect(barsOf(kept, '10s').map(({ quality }) => quality)).toEqual([2, 2]);
    expect(barsOf(kept, '1s').map(({ quality }) => quality)).toEqual(barsOf(kept, '1s').map(() => 0));
  });

  it('may be that of the base grid, while the grid stays', async () => {
    const before = new FoldRig({ specs: ['5s', '10s', '15s'] }).take(ticks(0, 100));
    const after = (await resumed(before, { specs: ['10s', '15s'] })).take(ticks(100, 200)).end();
    const whole = new FoldRig({ specs: ['10s', '15s'] }).take(ticks(0, 200)).end();
    for (const spec of ['10s', '15s']) {
      expect(barsOf(after, spec)).toEqual(barsOf(whole, spec).slice(-barsOf(after, spec).length));
    }
  });
});

describe('settings that give a row another meaning', () => {
  const before = new FoldRig({ specs: ['1s', '1m'] }).take(ticks(0, 20));

  it.each<[Partial<AdmissionOptions['settings']>, RegExp]>([
    [{ out_of_orderness_ms: 3_000 }, /bars\.out_of_orderness_ms was 2000 and is 3000/],
    [{ allowed_lateness_ms: 1 }, /bars\.allowed_lateness_ms was 10000 and is 1/],
    [{ max_future_skew_ms: 1 }, /bars\.max_future_skew_ms was 300000 and is 1/],
    [{ max_jump_ms: 1_000 }, /bars\.max_jump_ms was 604800000 and is 1000/],
    [{ ids: 'unique' }, /ids was absent and is unique/],
    [{ zero_size: 'accept' }, /zero_size was reject and is accept/],
    [{ off_market: 'include' }, /off_market was exclude and is include/],
    [{ nonpositive_price: 'accept' }, /nonpositive_price was reject and is accept/],
  ])('are refused: %o', (settings, words) => {
    const error = refusal(before, { specs: ['1s', '1m'], settings });
    expect(error.code).toBe('settings-changed');
    expect(error.message).toMatch(words);
    expect(error.message).toContain(`mdp run --rebuild ${before.lane.name}`);
    expect(error.message).toContain(`mdp run --from-now ${before.lane.name}`);
  });

  it('are named by the bars too', () => {
    const rig = new FoldRig({ specs: ['1s', '1m'], settings: { allowed_lateness_ms: 1 } });
    expect(() => rig.timeBars.restore(before.save().timeBars)).toThrow(/bars\.allowed_lateness_ms was 10000 and is 1/);
  });

  it('are named all at once', () => {
    const error = refusal(before, { specs: ['1s', '1m'], settings: { max_jump_ms: 1_000, zero_size: 'accept' } });
    expect(error.message).toMatch(/zero_size was reject and is accept; bars\.max_jump_ms was/);
  });

  it('are refused where the base grid is another, finer or coarser', () => {
    expect(refusal(before, { specs: ['1m'] }).message).toMatch(/base grid was 1000 ms and is 60000 ms/);
    const coarse = new FoldRig({ specs: ['1m', '5m'] }).take(ticks(0, 20));
    expect(refusal(coarse, { specs: ['1m', '90s'] })).toMatchObject({ code: 'settings-changed' });
  });

  it('are refused where two specs of one length change places: their rows are kept in different ways', () => {
    const zoned = new FoldRig({ specs: ['1s', '1s@America/New_York'] }).take(ticks(0, 20));
    expect(refusal(zoned, { specs: ['1s@America/New_York', '1s'] }).message).toMatch(
      /bar spec 1s was .*, the base grid itself and is /);
  });

  it('are not: when the clock closes bars, and in which order specs are listed', async () => {
    await expect(resumed(before, { specs: ['1m', '1s'], settings: { idle_ms: 7 } })).resolves.toBeInstanceOf(FoldRig);
  });
});

describe('a snapshot of another version', () => {
  it.each(['admission', 'timeBars'] as const)('is refused in words: %s', (part) => {
    const saved = new FoldRig().take(ticks(0, 3)).save();
    const other = { ...saved, [part]: { ...saved[part], version: 99 } };
    const rig = new FoldRig();
    expect(() => rig.resume(other)).toThrow(MdpError);
    expect(() => rig.resume(other)).toThrow(/another version of mdp: its (admission|time-bars) has version 99, and this one reads 1/);
  });
});
