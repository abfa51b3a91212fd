import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBarSpecs } from '../../../src/model/bar-spec.ts';
import { parseIndicators } from '../../../src/operators/indicators/parse.ts';
import type { IndicatorsState } from '../../../src/operators/indicators/snapshot.ts';
import { indicatorBytesPerInstrument } from '../../../src/operators/indicators/state-size.ts';
import { rsiOfBars } from '../../oracle/wilder.ts';
import { everyIndicator, indicatorsOf } from '../../support/feeds.ts';
import { dawn, FoldRig, throughBytes, type RigOptions, type TestBar, type TestTick, type TestValue } from '../fold-rig.ts';

const closed = 3;
const provisional = 2;

/** One tick a second from `from` on, each a bar of 1s. */
function seconds(prices: readonly number[], from = 0): TestTick[] {
  return prices.map((price, index) => ({ at: (from + index) * 1_000 + 500, price }));
}

function rigOf(overrides: RigOptions = {}): FoldRig {
  return new FoldRig({ indicators: ['rsi(2)@1s'], settings: { out_of_orderness_ms: 0, allowed_lateness_ms: 5_000 }, ...overrides });
}

const values = (rig: FoldRig): (number | null)[] =>
  [...rig.finalValues.values()].toSorted((a, b) => a.openAt - b.openAt).map(({ value }) => value);

/** What bars that lie in the table give, and the greatest position of all that came before. */
function expectationOf(rig: FoldRig, n: number): Map<string, { value: number | null; position: number; whole: boolean }> {
  const expected = new Map<string, { value: number | null; position: number; whole: boolean }>();
  const bySeries = Map.groupBy(rig.final.values(), ({ venue, symbol, spec }) => JSON.stringify([venue, symbol, spec]));
  for (const bars of bySeries.values()) {
    const sorted = bars.toSorted((a, b) => a.openAt - b.openAt);
    let position = 0;
    for (const [index, value] of rsiOfBars(sorted, n).entries()) {
      const bar = sorted[index];
      position = Math.max(position, bar.position);
      expected.set(seriesKey(bar), { value, position, whole: bar.whole });
    }
  }
  return expected;
}

function seriesKey({ venue, symbol, spec, openAt }: TestBar | TestValue): string {
  return JSON.stringify([venue, symbol, spec, openAt]);
}

function expectRight(rig: FoldRig, n: number): void {
  const expected = expectationOf(rig, n);
  const found = new Map([...rig.finalValues.values()].map((value) => [seriesKey(value), value]));
  const bars = new Map([...rig.final.values()].map((bar) => [seriesKey(bar), bar]));
  expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [key, wanted] of expected) {
    const value = found.get(key)!;
    if (wanted.value === null) expect(value.value, key).toBeNull();
    else expect(value.value, key).toBeCloseTo(wanted.value, 9);
    const { state, revision, quality } = bars.get(key)!;
    expect({ position: value.position, state: value.state, revision: value.revision, quality: value.quality }, key)
      .toEqual({ position: wanted.position, state, revision, quality });
  }
  expect(rig.repeated).toEqual([]);
}

describe('an indicator on closed bars', () => {
  it('has a value for every bar, null until there are enough', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12, 12])).end();
    expect(values(rig)).toEqual([null, null, 50, 100 - 100 / 6, 100 - 100 / 6]);
    expectRight(rig, 2);
    expect([...rig.finalValues.values()].every(({ state, whole }) => state === closed && whole)).toBe(true);
  });

  it('is on the bars of its spec alone', () => {
    const rig = rigOf({ specs: ['1s', '5s'], indicators: ['rsi(2)@5s'] }).take(seconds([1, 2, 3, 4, 5, 6, 7])).end();
    expect([...rig.finalValues.values()].map(({ spec, openAt }) => [spec, openAt])).toEqual([['5s', 0], ['5s', 5_000]]);
  });

  it('is computed again from a bar that a late tick changes, and all later values have seen its position', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12])).take([{ at: 4_500, price: 13 }]);
    const before = rig.finalValues;
    rig.take([{ at: 1_900, price: 20 }]);
    const after = [...rig.finalValues.values()];
    expect(after.map(({ value }) => value)).not.toEqual([...before.values()].map(({ value }) => value));
    expect(after.map(({ position }) => position).slice(1)).toEqual([5, 5, 5]);
    expect(after.map(({ revision }) => revision)).toEqual([0, 1, 0, 0]);
    expectRight(rig, 2);
  });

  it('takes a bar that a late tick brings into an interval that had none', () => {
    const rig = rigOf().take([...seconds([10, 11]), ...seconds([12, 13], 3)]).take([{ at: 2_500, price: 9 }]).end();
    expect(rig.finalValues.size).toBe(5);
    expectRight(rig, 2);
  });

  it('keeps what a bar that can still be revised needs', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12, 14, 13, 15, 16, 12, 11]));
    rig.take([{ at: 4_400, price: 99 }, { at: 4_900, price: 30 }]).end();
    expectRight(rig, 2);
  });

  it('keeps no more bars than can still be revised, and the one before', () => {
    const rig = rigOf();
    for (let n = 0; n < 200; n++) rig.take(seconds([10 + (n % 7)], n));
    const { series } = rig.save().indicators.state as IndicatorsState;
    // Of the bars of 1s from the horizon on, 5 s before the newest tick, each has its place; and the one before them.
    expect([...series[0].lengths]).toEqual([6]);
    const most = indicatorBytesPerInstrument(parseIndicators(['rsi(2)@1s'], parseBarSpecs(['1s'])), parseBarSpecs(['1s']), {
      out_of_orderness_ms: 0, allowed_lateness_ms: 5_000,
    });
    expect(series[0].values.byteLength).toBeLessThan(most);
  });

  it('marks values of bars that our clock closed, and says them again when the log closes those', () => {
    const rig = rigOf().take(seconds([10, 11, 10]), { atLogEnd: true }).tellTime(dawn + 60_000);
    expect([...rig.finalValues.values()].map(({ state }) => state)).toEqual([closed, closed, provisional]);
    expectRight(rig, 2);
    rig.take(seconds([12, 13], 4));
    expect([...rig.finalValues.values()].map(({ state }) => state)).toEqual([closed, closed, closed, closed]);
    expectRight(rig, 2);
  });
});

describe('a series', () => {
  it('begins with its first whole bar', () => {
    const rig = rigOf({ lane: { complete: false } }).take(seconds([10, 11, 10, 12, 13])).end();
    expect(values(rig)).toEqual([null, null, null, 100 - 100 / 3, 80]);
    expect([...rig.finalValues.values()].map(({ whole }) => whole)).toEqual([false, true, true, true, true]);
    expectRight(rig, 2);
  });

  it('goes on over an outage of the venue, and the bars that it touches lend their values their quality', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12])).takeGap({ fromMs: dawn + 4_100, untilMs: dawn + 4_200 });
    rig.take(seconds([13, 14], 4)).end();
    expect([...rig.finalValues.values()].map(({ quality }) => quality)).toEqual([0, 0, 0, 0, 2, 0]);
    expect([...rig.finalValues.values()].every(({ whole }) => whole)).toBe(true);
    expectRight(rig, 2);
  });

  it('goes on over a loss of our own, and no value is whole from then on', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12]));
    rig.takeGap({ fromMs: dawn + 4_100, untilMs: dawn + 4_200, reason: 'dropped-batch' }).take(seconds([13, 14, 15], 4)).end();
    expect([...rig.finalValues.values()].map(({ whole }) => whole)).toEqual([true, true, true, true, false, false, false]);
    expectRight(rig, 2);
  });

  it('is not whole behind a loss that touches none of its bars', () => {
    const rig = rigOf().take(seconds([10, 11, 10, 12]));
    rig.takeGap({ fromMs: dawn + 4_100, untilMs: dawn + 5_900, reason: 'dropped-batch' }).take(seconds([14, 15], 6)).end();
    const found = [...rig.finalValues.values()];
    expect(found.map(({ whole }) => whole)).toEqual([true, true, true, true, false, false]);
    expect(found.map(({ quality }) => quality)).toEqual([0, 0, 0, 0, 2, 0]);
  });

  it('of a mean is whole again when what was lost has left its window', () => {
    const rig = rigOf({ indicators: ['sma(2)@1s', 'volume_ratio(2)@1s'] }).take(seconds([10, 11, 10, 12]));
    rig.takeGap({ fromMs: dawn + 4_100, untilMs: dawn + 4_200, reason: 'dropped-batch' }).take(seconds([13, 14, 15, 16], 4)).end();
    const wholes = (line: string): number[] => [...rig.finalValues.values()]
      .filter(({ indicator, whole }) => indicator === line && !whole).map(({ openAt }) => openAt);
    expect(wholes('sma(2)')).toEqual([4_000, 5_000]);
    expect(wholes('volume_ratio(2)')).toEqual([4_000, 5_000, 6_000]);
  });

  it('of sessions is whole again with the next one that nothing is missing of', () => {
    const at = (hours: number, price: number): TestTick => ({ at: hours * 3_600_000, price });
    const rig = rigOf({ specs: ['1h'], indicators: ['vwap()@1h', 'rsi(2)@1h'] }).take([20, 21, 22].map((hour) => at(hour, hour)));
    const lost = dawn + 22.5 * 3_600_000;
    rig.takeGap({ fromMs: lost, untilMs: lost + 1, reason: 'dropped-batch' }).take([23, 24, 25, 26].map((hour) => at(hour, hour))).end();
    const found = [...rig.finalValues.values()].map(({ indicator, value, whole }) => [indicator, value, whole]);
    expect(found.filter(([indicator]) => indicator === 'vwap()')).toEqual([
      ['vwap()', 20, true], ['vwap()', 20.5, true], ['vwap()', 21, false], ['vwap()', 21.5, false],
      ['vwap()', 24, true], ['vwap()', 24.5, true], ['vwap()', 25, true],
    ]);
    expect(found.filter(([indicator, , whole]) => indicator === 'rsi(2)' && whole === true)).toHaveLength(2);
  });

  it('of sessions is not whole in one whose beginning may have been lost', () => {
    const at = (hours: number): TestTick => ({ at: hours * 3_600_000 });
    const rig = rigOf({ specs: ['1h'], indicators: ['vwap()@1h'] }).take([at(21), at(22)]);
    const midnight = dawn + 24 * 3_600_000;
    rig.takeGap({ fromMs: midnight - 1_800_000, untilMs: midnight + 7_200_000, reason: 'dropped-batch' });
    rig.take([at(26), at(27), at(48), at(49)]).end();
    expect([...rig.finalValues.values()].map(({ whole }) => whole)).toEqual([true, true, false, false, true, true]);
  });

  it('has no value where one is beyond the range of doubles', () => {
    const sizes = [1e-300, 1e-300, 1e99, 1];
    const rig = rigOf({ indicators: ['volume_ratio(2)@1s'] }).take(sizes.map((size, index) => ({ at: index * 1_000, size }))).end();
    expect(values(rig)).toEqual([null, null, null, 2e-99]);
  });

  it('of another instrument is not touched by what one has lost', () => {
    const rig = rigOf();
    const both = (ticks: TestTick[]): TestTick[] => ticks.flatMap((tick) => [tick, { ...tick, symbol: 'B' }]);
    rig.take(both(seconds([10, 11, 10])));
    const instruments = Int32Array.of(rig.instruments.intern('venue', 'B'));
    rig.takeGap({ fromMs: dawn + 3_100, untilMs: dawn + 3_200, reason: 'dropped-batch', instruments });
    rig.take(both(seconds([12, 13], 4))).end();
    const wholes = [...rig.finalValues.values()].filter(({ whole }) => !whole).map(({ symbol, openAt }) => [symbol, openAt]);
    expect(wholes).toEqual([['B', 4_000], ['B', 5_000]]);
  });
});

describe('a restart', () => {
  const prices = [10, 11, 10, 12, 14, 13, 15, 16, 12, 11];

  it('goes on with the same values, those of bars that late ticks still change included', async () => {
    const all = { indicators: indicatorsOf({ specs: ['1s'] }, everyIndicator).specs };
    const whole = rigOf(all).take(seconds(prices)).take([{ at: 6_900, price: 30 }]).end();
    const first = rigOf(all).take(seconds(prices));
    const second = rigOf(all);
    second.resume(await throughBytes(first.save()));
    second.take([{ at: 6_900, price: 30 }]).end();
    const joined = new Map([...first.finalValues, ...second.finalValues]);
    const plain = (map: Map<string, TestValue>): TestValue[] => [...map.values()].map((value) => ({ ...value, again: false }));
    expect(plain(joined)).toEqual(plain(whole.finalValues));
    expect(second.values.filter(({ again }) => again).length).toBeGreaterThan(0);
  });

  it('of a log that cannot be read again goes on over what was stored after the checkpoint, and is not whole behind the gap', () => {
    const options: RigOptions = { specs: ['1s', '5s'], indicators: ['rsi(2)@1s', 'rsi(2)@5s'] };
    const before = rigOf(options).take(seconds(prices.slice(0, 6)));
    const saved = before.save();
    before.take(seconds([20, 30, 25], 6)).take([{ at: 9_500, price: 1 }]); // Lost with the process: its bar was never stored.
    const stored = [...before.final.values()].filter(({ spec, openAt }) => spec === '1s' && openAt >= 5_000);
    const after = rigOf(options);
    after.resume(saved);
    after.timeBars.takeStored(stored.map((bar) => ({ ...bar, openTimeMs: dawn + bar.openAt })), saved.position);
    after.takeGap({ fromMs: dawn + 9_000, untilMs: dawn + 12_000, reason: 'restart' });
    after.take(seconds([13, 14, 15, 16], 12)).end();
    const bars = new Map([...before.final, ...after.final]);
    const values = new Map([...before.finalValues, ...after.finalValues]);
    for (const [spec, lost] of [['1s', 9_000], ['5s', 5_000]] as const) {
      const ofSpec = [...bars.values()].filter((bar) => bar.spec === spec).toSorted((a, b) => a.openAt - b.openAt);
      const found = [...values.values()].filter((value) => value.spec === spec).toSorted((a, b) => a.openAt - b.openAt);
      expect(found.map(({ openAt }) => openAt)).toEqual(ofSpec.map(({ openAt }) => openAt));
      for (const [index, wanted] of rsiOfBars(ofSpec, 2).entries()) {
        if (wanted === null) expect(found[index].value).toBeNull();
        else expect(found[index].value, `${spec} ${found[index].openAt}`).toBeCloseTo(wanted, 9);
        expect(found[index].whole, `${spec} ${found[index].openAt}`).toBe(found[index].openAt < lost);
      }
    }
  });

  it('begins a new indicator late, so that none of its values is whole, and drops one that is gone', () => {
    const first = rigOf().take(seconds(prices));
    const second = rigOf({ indicators: ['rsi(3)@1s'] });
    second.resume(first.save());
    second.take(seconds([13, 14, 15, 16, 17], 10)).end();
    const found = [...second.finalValues.values()];
    expect(found.every(({ indicator, whole }) => indicator === 'rsi(3)' && !whole)).toBe(true);
    expect(found.at(-1)!.value).toBe(100);
  });

  it('refuses to go on with values that meant something else', () => {
    const saved = rigOf().take(seconds(prices)).save();
    const [name] = Object.keys(saved.indicators.fingerprints);
    const other = { ...saved, indicators: { ...saved.indicators, fingerprints: { [name]: 'the mean of two dice' } } };
    expect(() => rigOf().resume(other)).toThrow(/indicator rsi\(2\)@1s was the mean of two dice/);
  });
});

describe('the values of a log', () => {
  const others = indicatorsOf({ specs: ['1s'] }, everyIndicator.filter((name) => !name.startsWith('rsi'))).specs;
  const tick = fc.record({
    at: fc.integer({ min: 0, max: 40_000 }), price: fc.integer({ min: 1, max: 50 }), symbol: fc.constantFrom('A', 'B', 'C'),
  });
  /** Ticks near the order of time, so that many are late and few are too late. */
  const log = fc.array(fc.tuple(tick, fc.integer({ min: -6_000, max: 0 })), { minLength: 1, maxLength: 120 })
    .map((ticks) => ticks.toSorted(([a], [b]) => a.at - b.at)
      .map(([one, late], position): TestTick => ({ ...one, at: Math.max(0, one.at + late), position })));
  const options: RigOptions = {
    specs: ['1s', '5s'], indicators: ['rsi(3)@1s', 'rsi(2)@5s', ...others],
    settings: { out_of_orderness_ms: 1_000, allowed_lateness_ms: 4_000 },
  };

  it('are those of its bars, however it is cut and wherever a restart falls', () => {
    fc.assert(fc.property(log, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), fc.nat(), (ticks, cuts, nth) => {
      const single = new FoldRig(options).take(ticks).end();
      let rig = new FoldRig(options);
      let [at, turn] = [0, 0];
      const seen = new Map<string, TestValue>();
      for (; at < ticks.length; turn++) {
        const until = at + cuts[turn % cuts.length];
        rig.take(ticks.slice(at, until));
        at = until;
        if (turn !== nth % 5) continue;
        for (const [key, value] of rig.finalValues) seen.set(key, value);
        const next = new FoldRig(options);
        next.resume(rig.save());
        rig = next;
      }
      rig.end();
      for (const [key, value] of rig.finalValues) seen.set(key, value);
      const plain = (map: Map<string, TestValue>): [string, TestValue][] =>
        [...map].map(([key, value]): [string, TestValue] => [key, { ...value, again: false }]).toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(plain(seen)).toEqual(plain(single.finalValues));
      const bySpec = new Map([['1s', 3], ['5s', 2]]);
      for (const [spec, n] of bySpec) {
        const wanted = [...expectationOf(single, n)].filter(([key]) => key.includes(`"${spec}"`));
        const found = new Map([...single.finalValues.values()].filter(({ indicator }) => indicator === `rsi(${n})`)
          .map((value) => [seriesKey(value), value]));
        for (const [key, { value, position }] of wanted) {
          expect(found.get(key)?.position, key).toBe(position);
          if (value === null) expect(found.get(key)!.value, key).toBeNull();
          else expect(found.get(key)!.value, key).toBeCloseTo(value, 9);
        }
      }
    }), { numRuns: 300 });
  });
});
