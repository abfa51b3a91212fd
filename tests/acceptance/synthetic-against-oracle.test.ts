import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesOf } from '../oracle/compare.ts';
import { foldLog, type OracleResult } from '../oracle/fold.ts';
import { judge } from '../oracle/judge.ts';
import type { OracleLateTick } from '../oracle/log.ts';
import { valueDifferences } from '../oracle/values.ts';
import { everyIndicator, linesOf } from '../support/feeds.ts';
import { scenarios, type Scenario } from '../support/log-generator.ts';
import { foldWithProgram } from '../support/program-fold.ts';

/** MDP_RUNS asks for more random logs, MDP_SEED for those of an earlier run. */
const runs = Number(process.env['MDP_RUNS'] ?? 200);
const seed = Number(process.env['MDP_SEED'] ?? Date.now() % 2 ** 31);

/** Counts what the random logs held: a comparison of empty tables proves nothing. */
class Seen {
  readonly #counts = new Map<string, number>();

  note({ settings, log }: Scenario, { bars, ledger }: OracleResult): void {
    this.#add('duplicate', ledger.duplicate);
    this.#add('late', ledger.late);
    this.#add('excluded', ledger.excluded);
    this.#add('held to the end', ledger.held);
    for (const [reason, count] of Object.entries(ledger.rejected)) this.#add(reason, count);
    for (const bar of bars) {
      this.#add(`quality ${bar.quality}`, 1);
      this.#add('revised', bar.revision > 0 ? 1 : 0);
      this.#add('made by a late tick', bar.revision === bar.trades ? 1 : 0);
      this.#add(bar.whole ? 'whole' : 'not whole', 1);
      this.#add(`bar of ${bar.spec}`, 1);
      this.#add('without volume', bar.vwap === null ? 1 : 0);
    }
    this.#add('a complete log', settings.complete ? 1 : 0);
    for (const key of ['fromMs', 'untilMs'] as const) this.#add(key, settings[key] === null ? 0 : bars.length);
    const outside = judge(log, settings).timeline.length - ledger.aggregated;
    this.#add('excluded by its time', outside);
    this.#add('closed by a tick of another lane', outside > 0 ? closedFromOutside({ settings, log }, bars) : 0);
    this.#add('released', judge(log, settings).admitted.filter((one) => one.position > one.tick.position).length);
  }

  missing(): string[] {
    const wanted = [
      'duplicate', 'late', 'excluded', 'held to the end', 'malformed', 'bad-price', 'bad-size', 'bad-time',
      'future-skew', 'time-jump', 'quality 0', 'quality 1', 'quality 2', 'revised', 'made by a late tick', 'whole', 'not whole',
      'without volume', 'a complete log', 'released', 'fromMs', 'untilMs', 'excluded by its time',
      'closed by a tick of another lane', 'bar of 1s', 'bar of 1w', 'bar of 1d@America/New_York',
    ];
    return wanted.filter((what) => (this.#counts.get(what) ?? 0) === 0);
  }

  #add(what: string, count: number): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }
}

describe('the fold of the program', () => {
  const seen = new Seen();

  it(`agrees with the oracle on ${runs} random logs, whatever the settings and the cuts (seed ${seed})`, () => {
    fc.assert(fc.property(scenarios({ stepsMax: 400, asFile: false }), (scenario) => {
      const expected = foldLog(scenario.log, scenario.settings);
      const actual = foldWithProgram(scenario);
      seen.note(scenario, expected);
      expect(actual.ledger).toEqual(expected.ledger);
      expect(differencesOf(expected.bars, actual.bars)).toEqual([]);
      const hasLosses = scenario.log.some((record) => record.kind === 'gap' && record.reason !== 'venue-outage');
      expect(valueDifferences(expected.bars, actual.values, { lines: linesOf(everyIndicator), hasLosses })).toEqual([]);
      expect(actual.lateTicks.map(wordsOf).sort()).toEqual(expected.lateTicks.map(wordsOf).sort());
      expect(actual.faults).toEqual([]);
    }), { numRuns: runs, seed });
  }, 1_000 * runs + 600_000); // A failing log is made smaller, which takes minutes.

  it.skipIf(runs < 100)('met everything in these logs that a feed can do wrong', () => {
    expect(seen.missing()).toEqual([]);
  });
});

/** Bars whose position is that of a tick at or beyond `until`. */
function closedFromOutside({ settings, log }: Omit<Scenario, 'cuts'>, bars: OracleResult['bars']): number {
  const beyond = new Set(log.filter((record) => record.kind === 'tick' && record.eventTimeMs >= (settings.untilMs ?? Infinity))
    .map((record) => record.position));
  return bars.filter((bar) => beyond.has(bar.position)).length;
}

function wordsOf(tick: OracleLateTick): string {
  return JSON.stringify(Object.entries(tick).sort(([a], [b]) => (a < b ? -1 : 1)));
}
