import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BarColumns, barState } from '../../../src/model/bar.ts';
import { IndicatorColumns } from '../../../src/model/indicator.ts';
import { parseBarSpecs } from '../../../src/model/bar-spec.ts';
import { linesOf, parseIndicators } from '../../../src/operators/indicators/parse.ts';
import { LiveLane } from '../../../src/operators/live-lane.ts';
import { everyIndicator, indicatorsOf } from '../../support/feeds.ts';
import { dawn, FoldRig, type TestTick } from '../fold-rig.ts';

interface Preview {
  /** Index among those of the rig. */
  readonly line: number;
  readonly openAt: number;
  readonly value: number | null;
  readonly state: number;
  readonly quality: number;
  readonly whole: boolean;
}

const specs = ['1s', '5s'];
const indicators = indicatorsOf({ specs }, everyIndicator).specs;
const oneMean = ['sma(2)@1s'];
const settings = { out_of_orderness_ms: 0, allowed_lateness_ms: 3_000 };

function rigOf(wanted: readonly string[] = indicators): FoldRig {
  return new FoldRig({ specs, indicators: wanted, settings });
}

/** Of the newest bars of a symbol in each spec. */
function previewOf(rig: FoldRig, symbol = 'A'): Preview[] {
  const rows = new IndicatorColumns(4);
  const instrument = rig.instruments.intern('venue', symbol);
  for (const spec of specs.keys()) {
    const bars = new BarColumns(1);
    if (rig.timeBars.newestBars(instrument, spec, bars)) rig.laneIndicators.previewOf(bars, rows);
  }
  return Array.from({ length: rows.length }, (_, row) => ({
    line: rows.line[row], openAt: rows.openTimeMs[row] - dawn, value: Number.isNaN(rows.value[row]) ? null : rows.value[row],
    state: rows.state[row], quality: rows.quality[row], whole: rows.whole[row] === 1,
  }));
}

/** One tick a second from `from` on. */
function seconds(prices: readonly number[], from = 0): TestTick[] {
  return prices.map((price, index) => ({ at: (from + index) * 1_000 + 500, price, size: (price % 3) + 1 }));
}

describe('the preview of a bar that forms', () => {
  it('is what its close will give, if no tick comes', () => {
    const rig = rigOf().take(seconds([10, 12, 11, 15, 13, 12, 19, 18, 10, 12, 14, 13]));
    const preview = previewOf(rig);
    expect(preview.every(({ state }) => state === barState.forming)).toBe(true);
    rig.end();
    const lines = linesOf(parseIndicators(indicators, parseBarSpecs(specs)));
    for (const { line, openAt, value, whole } of preview) {
      const { indicator, barSpec } = lines[line];
      const closed = [...rig.finalValues.values()].find((one) => one.indicator === indicator && one.spec === barSpec && one.openAt === openAt);
      expect({ value: closed?.value, whole: closed?.whole }, `${indicator}@${barSpec}`).toEqual({ value, whole });
    }
    expect(preview.length).toBe(lines.length);
    expect(preview.filter(({ value }) => value !== null).length).toBeGreaterThan(14);
  });

  it('are what their closes will give, if no tick comes, however many form', () => {
    const lines = linesOf(parseIndicators(indicators, parseBarSpecs(specs)));
    const met = { previews: 0, several: 0, gaps: 0, behindProvisional: 0 };
    const tick = fc.record({
      step: fc.integer({ min: 0, max: 1_500 }), late: fc.integer({ min: -3_000, max: 0 }), price: fc.integer({ min: 1, max: 50 }),
      size: fc.integer({ min: 0, max: 4 }), what: fc.constantFrom('tick', 'tick', 'tick', 'tick', 'gap', 'time'),
    });
    fc.assert(fc.property(fc.array(tick, { minLength: 3, maxLength: 60 }), (log) => {
      const rig = new FoldRig({ specs, indicators, settings: { out_of_orderness_ms: 2_000, allowed_lateness_ms: 4_000, zero_size: 'accept', idle_ms: 1 } });
      let now = 0;
      for (const { step, late, price, size, what } of log) {
        now += step;
        if (what === 'tick') rig.take([{ at: Math.max(0, now + late), price, size }]);
        if (what === 'gap') rig.takeGap({ fromMs: dawn + now - 100, untilMs: dawn + now, reason: 'dropped-batch' });
        if (what === 'time') rig.tellTime(dawn + now + 1_000);
      }
      const previews = previewOf(rig).filter(({ state }) => state === barState.forming);
      const oldest = Math.min(...previews.map(({ openAt }) => openAt));
      met.behindProvisional += rig.rows.filter(({ state, openAt }) => state === barState.provisional && openAt > oldest).length;
      rig.end();
      for (const { line, openAt, value, whole, quality } of previews) {
        const { indicator, barSpec } = lines[line];
        const closed = rig.finalValues.get(JSON.stringify(['venue', 'A', barSpec, indicator, openAt]));
        const of = { value: closed?.value, whole: closed?.whole, quality: closed?.quality };
        expect(of, `${indicator}@${barSpec} at ${openAt}`).toEqual({ value, whole, quality });
        met.previews++;
        if (quality === 2) met.gaps++;
      }
      met.several += new Set(previews.filter(({ line }) => lines[line].barSpec === '1s').map(({ openAt }) => openAt)).size > 1 ? 1 : 0;
    }), { numRuns: 300 });
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(20);
  });

  it('moves with the bar', () => {
    const rig = rigOf(oneMean).take(seconds([10, 12]));
    expect(previewOf(rig).map(({ value }) => value)).toEqual([11]);
    rig.take([{ at: 1_900, price: 20 }]);
    expect(previewOf(rig).map(({ value }) => value)).toEqual([15]);
  });

  it('of an instrument without closed bars is of a series that begins', () => {
    const rig = rigOf(['sma(2)@1s', 'vwap()@1s']).take(seconds([10, 11])).take([{ at: 1_600, price: 5, symbol: 'B' }]);
    expect(previewOf(rig, 'B').map(({ value, whole }) => [value, whole])).toEqual([[null, true], [5, true]]);
    expect(previewOf(rig, 'nobody knows it')).toEqual([]);
  });

  it('says that something was lost behind the last bar', () => {
    const rig = rigOf(oneMean).take(seconds([10, 11, 12]));
    rig.takeGap({ fromMs: dawn + 3_100, untilMs: dawn + 3_200, reason: 'dropped-batch' }).take(seconds([13], 4));
    expect(previewOf(rig)).toMatchObject([{ openAt: 4_000, quality: 2, whole: false, value: 12.5 }]);
    rig.end();
    expect([...rig.finalValues.values()].at(-1)).toMatchObject({ openAt: 4_000, quality: 2, whole: false, value: 12.5 });
  });

  it('is told to those who look at the lane', () => {
    const rig = rigOf(oneMean).take(seconds([10, 12]));
    const view = new LiveLane({ lane: rig.lane, bars: rig.timeBars, indicators: rig.laneIndicators, listener: null });
    const rows = new IndicatorColumns(1);
    expect(view.newestValues(0, specs.indexOf('1s'), rows)).toBe(true);
    expect([rows.length, rows.value[0], rows.state[0], rows.openTimeMs[0] - dawn]).toEqual([1, 11, barState.forming, 1_000]);
    expect([view.newestValues(0, specs.indexOf('5s'), rows), view.newestValues(7, 0, rows), rows.length]).toEqual([false, false, 1]);
  });

  it('changes nothing, whatever has come and however often it is asked for', () => {
    const tick = fc.record({
      at: fc.integer({ min: 0, max: 30_000 }), price: fc.integer({ min: 1, max: 50 }), symbol: fc.constantFrom('A', 'B'),
      size: fc.integer({ min: 0, max: 4 }),
    });
    const log = fc.array(fc.tuple(tick, fc.integer({ min: -4_000, max: 0 })), { minLength: 1, maxLength: 80 })
      .map((ticks) => ticks.toSorted(([a], [b]) => a.at - b.at)
        .map(([one, late], position): TestTick => ({ ...one, at: Math.max(0, one.at + late), position })));
    fc.assert(fc.property(log, fc.integer({ min: 1, max: 9 }), (ticks, cut) => {
      const [asked, left] = [rigOf(), rigOf()];
      for (let from = 0; from < ticks.length; from += cut) {
        for (const rig of [asked, left]) rig.take(ticks.slice(from, from + cut));
        for (const symbol of ['A', 'B']) expect(previewOf(asked, symbol)).toEqual(previewOf(asked, symbol));
      }
      expect(asked.save().indicators).toEqual(left.save().indicators);
      expect(asked.end().values).toEqual(left.end().values);
    }), { numRuns: 100 });
  });
});
