import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/model/checkpoint.ts';
import type { TakeMode } from '../../src/model/lane.ts';
import { differencesOf } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { OracleBar } from '../oracle/log.ts';
import { scenarios, type Scenario } from '../support/log-generator.ts';
import { MemoryStore, type StoredBar } from '../support/memory-store.ts';
import { Owner } from '../support/owner.ts';

/*
 * Two processes that both believe to own one lane, over one store. Everything that either awaits of the outside goes on
 * when the interleaving says so, and not before: either may stand still for as long as it likes (SIGSTOP), never go on
 * again (SIGKILL) between a transaction and its answer, or be started anew.
 */

type Move =
  | { readonly kind: 'go'; readonly owner: number; readonly which: number; readonly times: number; readonly ms: number }
  | { readonly kind: 'kill'; readonly owner: number }
  | { readonly kind: 'start'; readonly owner: number; readonly mode: TakeMode }
  | { readonly kind: 'away'; readonly isAway: boolean };

const owner = fc.nat({ max: 1 });
const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 30, arbitrary: fc.record({
    kind: fc.constant('go' as const), owner, which: fc.nat({ max: 5 }), times: fc.constantFrom(1, 1, 2, 3, 5, 20),
    ms: fc.constantFrom(0, 0, 0, 20, 100, 600),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), owner }) },
  { weight: 1, arbitrary: fc.record({
    kind: fc.constant('start' as const), owner, mode: fc.constantFrom<TakeMode>('resume', 'resume', 'resume', 'rebuild'),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('away' as const), isAway: fc.boolean() }) },
);

/** What happened in all runs: a test in which nobody is ever overtaken shows nothing. */
const happened = { overtaken: 0, taken: 0, restored: 0, checkpoints: 0, kills: 0 };

class Play {
  readonly store = new MemoryStore();
  readonly owners: (Owner | null)[] = [null, null];
  readonly #scenario: Scenario;
  readonly #folds = new Map<number, readonly OracleBar[]>();
  /** What was wrong when a checkpoint was written: whoever writes one catches what is thrown there. */
  readonly #faults: string[] = [];
  #best: readonly [generation: number, position: number] = [0, 0];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.store.onCheckpoint = (checkpoint) => this.#lookAtCheckpoint(checkpoint);
  }

  async move(move: Move): Promise<void> {
    if (move.kind === 'away') this.store.isAway = move.isAway;
    else if (move.kind === 'kill') this.#kill(move.owner);
    else if (move.kind === 'start') this.start(move.owner, move.mode);
    else {
      const one = this.owners[move.owner];
      if (move.ms > 0) await one?.clock.advance(move.ms);
      for (let time = 0; time < move.times; time++) await one?.step(move.which);
    }
    this.look();
  }

  start(index: number, mode: TakeMode): void {
    this.#kill(index);
    this.owners[index] = new Owner(this.store, { mode, logs: { trades: this.#scenario } });
  }

  /** Both ledgers balance at every look, of whoever is alive. */
  look(): void {
    expect(this.#faults).toEqual([]);
    for (const one of this.owners) expect(one?.imbalance() ?? { ticks: 0, rows: 0 }).toEqual({ ticks: 0, rows: 0 });
  }

  /** Whoever is alive runs on until nothing moves; a lane that is left has been read to its end. */
  async finish(): Promise<void> {
    this.store.isAway = false;
    for (const one of this.alive) await one.runDry();
    this.look();
    if (this.#isLeft()) this.start(0, 'resume');
    for (const one of this.alive) await one.runDry();
    for (const one of this.alive) {
      const outcome = await one.end();
      for (const { code } of outcome.failures) expect(code).toBe('lane-taken');
    }
    this.look();
    for (const index of this.owners.keys()) this.#count(index);
  }

  get alive(): Owner[] {
    return this.owners.filter((one) => one !== null);
  }

  get table(): readonly StoredBar[] {
    return [...this.store.bars.values()];
  }

  /** Everybody who was there was killed, or has lost the lane to somebody who was. */
  #isLeft(): boolean {
    return this.alive.every((one) => one.status().sources.every((source) => source.state === 'failed'));
  }

  #kill(index: number): void {
    if (this.owners[index] === null) return;
    this.#count(index);
    this.owners[index] = null;
    happened.kills++;
  }

  #count(index: number): void {
    const status = this.owners[index]?.status();
    happened.overtaken += status?.lanes.reduce((sum, lane) => sum + lane.overtaken, 0) ?? 0;
    happened.taken += status?.sources.filter(({ state }) => state === 'failed').length ?? 0;
    happened.restored += status?.ticks.restored ?? 0;
  }

  /** It never goes back, and every row that the log up to its position has closed is stored. */
  #lookAtCheckpoint({ generation, position }: Checkpoint): void {
    happened.checkpoints++;
    const [bestGeneration, bestPosition] = this.#best;
    if (generation < bestGeneration || (generation === bestGeneration && position < bestPosition)) {
      this.#faults.push(`the checkpoint went back to ${position}`);
    }
    this.#best = [generation, position];
    const missing = this.#foldUpTo(position).filter((bar) => {
      const stored = this.store.bars.get(`${bar.venue} ${bar.symbol} ${bar.spec} ${bar.openTimeMs}`);
      return stored === undefined || (stored.generation === generation && stored.position < bar.position);
    });
    if (missing.length > 0) this.#faults.push(`${missing.length} rows before the checkpoint at ${position} are not stored`);
  }

  #foldUpTo(position: number): readonly OracleBar[] {
    const { log, settings } = this.#scenario;
    let bars = this.#folds.get(position);
    if (bars === undefined) {
      ({ bars } = foldLog(log.filter((record) => record.kind !== 'end' && record.position < position), settings));
      this.#folds.set(position, bars);
    }
    return bars;
  }
}

it('two owners of a lane leave the table that one undisturbed run gives, however they interleave and die', async () => {
  const runs = Number(process.env['RUNS'] ?? 200);
  const logs = scenarios({ stepsMax: 80, asFile: true, given: { specs: ['1s', '5s', '1m', '1d'] } });
  await fc.assert(fc.asyncProperty(logs, fc.array(moves, { maxLength: 160, size: 'max' }), async (random, played) => {
    const scenario = { ...random, cuts: random.cuts.map((cut) => 1 + (cut % 4)) };
    const play = new Play(scenario);
    play.start(0, 'resume');
    play.start(1, 'resume');
    for (const move of played) await play.move(move);
    await play.finish();
    const expected = foldLog(scenario.log, scenario.settings);
    expect(differencesOf(expected.bars, play.table)).toEqual([]);
    expect(play.store.lateTicks.size).toBe(expected.lateTicks.length);
  }), { numRuns: runs, interruptAfterTimeLimit: runs * 300 }); // It would look for the shortest counter-example for ever.
  expect(Math.min(...Object.values(happened)), JSON.stringify(happened)).toBeGreaterThan(0);
}, 120_000);
