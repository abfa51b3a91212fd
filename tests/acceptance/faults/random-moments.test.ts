import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { armFailPoints, disarmFailPoints, failPoints, type FailPoint } from '../../../src/fail-points.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial, type TrialGround } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** MDP_RUNS asks for more moments, MDP_SEED for those of an earlier run. */
const moments = Number(process.env['MDP_RUNS'] ?? 100);
const momentsPerTrial = 4;
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const points = Object.keys(failPoints) as FailPoint[];
const betweenTurns = 'between two turns';

interface Moment {
  readonly trial: Trial;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** Every other one is at a fail point, each in its turn. */
  readonly index: number;
}

describe.skipIf(why !== null)(`a pipeline that dies at ${moments} random moments, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let ground: TrialGround;
  const seen = { crashes: 0, readAgain: 0, at: new Set<string>() };

  beforeAll(async () => {
    postgres = await TestPostgres.start(journalOptions);
    ground = await prepareGround(postgres);
  });
  afterAll(async () => {
    disarmFailPoints();
    await postgres.dispose();
  });

  it.each(Array.from({ length: Math.ceil(moments / momentsPerTrial) }, (_, index) => seed + index))(
    'leaves the table of one undisturbed run behind (seed %i)', (seedOfTrial) => runTrial(seedOfTrial));

  it('did die, at every point, and records were read again', async () => {
    expect(seen.crashes).toBeGreaterThan(moments * 0.8);
    expect(seen.readAgain).toBeGreaterThan(moments * 5);
    if (moments < 100) return;
    // A point that was armed may not have been passed in its few trials: chance decides, and is asked again.
    for (let more = 0; seen.at.size < points.length + 1 && more < 25; more++) await runTrial(seed + 1_000 + more);
    expect([...seen.at].sort()).toEqual([...points, betweenTurns].sort());
  }, 60_000);

  async function runTrial(seedOfTrial: number): Promise<void> {
    const random = new SeededRandom(seedOfTrial);
    const trial = new Trial(ground, { seed: seedOfTrial, records: 350, perSecond: 300, name: `moment-${seedOfTrial}` });
    // Behind the file's log, and before the oracle's own clock: no first tick lies in the future.
    const clock = new VirtualClock(Date.UTC(2026, 5, 1));
    let crashes = 0;
    for (let moment = 0; moment < momentsPerTrial; moment++) {
      if (await crashed({ trial, clock, random, index: (seedOfTrial % 1_000_000) * momentsPerTrial + moment })) crashes++;
    }
    const last = await PipelineRun.start(trial, { clock });
    await play(last, clock);
    expect(await last.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    await expectInvariants(trial, { faults: crashes, readAgain: false });
    seen.crashes += crashes;
    seen.readAgain += trial.recordsReadAgain;
    trial.dispose();
  }

  /** One run up to a random moment. False: it ended before. */
  async function crashed({ trial, clock, random, index }: Moment): Promise<boolean> {
    const dying = index % 2 === 0 ? betweenTurns : points[(index >> 1) % points.length];
    const turns = dying === betweenTurns ? random.between(0, 150) : 400;
    const beginsTaken = random.next() < 0.8;
    let passings = /restore/.test(dying) ? 1 : random.between(1, /marker|checkpoint/.test(dying) ? 3 : 12);
    const run = await PipelineRun.start(trial, { clock });
    const death: { crashing: Promise<void> | null } = { crashing: null };
    const isDead = (): boolean => death.crashing !== null;
    const crash = (at: string): void => {
      if (isDead() || run.hasEnded) return;
      death.crashing = run.crash();
      seen.at.add(at);
    };
    if (dying !== betweenTurns) armFailPoints({ [dying]: () => { if (--passings === 0) crash(dying); } });
    if (beginsTaken) await play(run, clock, () => isDead() || run.look().lanes.length === trial.feeds.length);
    await play(run, clock, isDead, turns);
    crash(betweenTurns);
    disarmFailPoints();
    if (death.crashing === null) {
      await run.end();
      return false;
    }
    await play(run, clock);
    await death.crashing;
    return true;
  }

  /** Lets time pass and looks at every turn, until the run has ended, or so many turns are over, or enough has happened. */
  async function play(run: PipelineRun, clock: VirtualClock, isOver = (): boolean => false, turns = Infinity): Promise<void> {
    for (let turn = 0; turn < turns && !run.hasEnded && !isOver(); turn++) {
      if (turn > 40_000) throw new Error(`the run does not end: ${JSON.stringify(run.look(), null, 1)}\n${run.logged.join('')}`);
      if (turn > 20_000) await wait(1); // The server is a real one, and slow now: so many turns may be over in a second.
      run.look();
      await clock.advance(2);
    }
  }
});
