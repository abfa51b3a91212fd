import { parseBarSpecs } from '../../../src/model/bar-spec.ts';
import type { IndicatorBar } from '../../../src/operators/indicators/indicator.ts';
import { parseIndicator } from '../../../src/operators/indicators/parse.ts';

const minute = 60_000;

/** By line, a value for each bar: null where there is none. */
export type Lines = Readonly<Record<string, readonly (number | null)[]>>;

/** What an indicator, such as `sma(20)`, gives for a whole series of bars, each told in turn. */
export function valuesOf(text: string, bars: readonly IndicatorBar[], spec = '1m'): Lines {
  const { indicator } = parseIndicator(`${text}@${spec}`, parseBarSpecs([spec]));
  const [state, values] = [new Float64Array(indicator.stateSize), new Float64Array(indicator.lines.length)];
  const lines: Record<string, (number | null)[]> = Object.fromEntries(indicator.lines.map((line) => [line, []]));
  for (const bar of bars) {
    indicator.step(bar, state, values);
    for (const [index, line] of indicator.lines.entries()) {
      lines[line].push(Number.isNaN(values[index]) ? null : values[index]);
    }
  }
  return lines;
}

/** Of an indicator with one line. */
export function lineOf(text: string, bars: readonly IndicatorBar[], spec = '1m'): readonly (number | null)[] {
  return Object.values(valuesOf(text, bars, spec))[0];
}

/** Bars of a minute in a row, the first at 2024-01-01T00:00Z; what is not given is that of a quiet minute. */
export function barsOf(given: readonly Partial<IndicatorBar>[], { from = Date.UTC(2024, 0, 1), stepMs = minute } = {}): IndicatorBar[] {
  return given.map((bar, index) => {
    const openTimeMs = from + index * stepMs;
    const close = bar.close ?? 100;
    const [volume, open] = [bar.volume ?? 1, bar.open ?? close];
    return {
      openTimeMs, closeTimeMs: openTimeMs + stepMs, open, close, volume, notional: bar.notional ?? volume * close,
      high: bar.high ?? Math.max(open, close), low: bar.low ?? Math.min(open, close),
    };
  });
}

export const ofCloses = (closes: readonly number[]): IndicatorBar[] => barsOf(closes.map((close) => ({ close })));
export const ofVolumes = (volumes: readonly number[]): IndicatorBar[] => barsOf(volumes.map((volume) => ({ volume })));

/** A price that goes up and down in ticks of a cent, with a volume each minute that is now and then 0. Seeded. */
export function randomWalk(seed: number, length: number): IndicatorBar[] {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator.
    return state / 2 ** 32;
  };
  let cents = 10_000;
  return barsOf(Array.from({ length }, () => {
    const path = Array.from({ length: 5 }, () => (cents = Math.max(1, cents + Math.round((random() - 0.5) * 40))) / 100);
    const volume = random() < 0.05 ? 0 : Math.round(random() * 1_000) / 10;
    return {
      open: path[0], close: path[4], high: Math.max(...path), low: Math.min(...path), volume,
      notional: volume * path[2],
    };
  }));
}
