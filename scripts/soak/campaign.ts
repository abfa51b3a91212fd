import type { Counts } from '../../tests/support/faults/mixture.ts';
import { seedOfRun } from '../../tests/support/faults/random.ts';
import { prepareGround, type TrialGround } from '../../tests/support/faults/trial.ts';
import type { TestPostgres } from '../../tests/support/postgres.ts';

/** What the trials went through, all together; each adds its own, a failed one too. */
export interface Totals {
  faults: number;
  looks: number;
  recordsReadAgain: number;
  /** By what was done, how often. */
  readonly counts: Counts;
}

export interface Campaign {
  readonly minutes: number;
  readonly postgres: TestPostgres;
  /** So many trials share a database; then its journal is long enough. */
  readonly trialsPerGround: number;
  /** Throws where something was not right. */
  readonly tryOnce: (on: TrialGround, seed: number, totals: Totals) => Promise<void>;
}

/** One trial after the other, until the time is over or one fails, whose seed is printed; false then. */
export async function runCampaign({ minutes, postgres, trialsPerGround, tryOnce }: Campaign): Promise<boolean> {
  const totals: Totals = { faults: 0, looks: 0, recordsReadAgain: 0, counts: new Map() };
  const firstSeed = seedOfRun();
  const startedAtMs = Date.now();
  let trials = 0;
  let failure: unknown = null;
  let ground: TrialGround | null = null;
  while (failure === null && Date.now() - startedAtMs < minutes * 60_000) {
    const seed = firstSeed + trials;
    if (trials % trialsPerGround === 0) ground = await prepareGround(postgres);
    failure = await tryOnce(ground!, seed, totals).then(() => null, (error: unknown) => error ?? 'unknown');
    trials++;
    if (failure !== null) console.error(`MDP_SEED=${seed} failed:`, failure);
  }
  const { faults, looks, recordsReadAgain, counts } = totals;
  console.log(`\n${trials} trials in ${Math.round((Date.now() - startedAtMs) / 1_000)} s, seeds ${firstSeed} to ${firstSeed + trials - 1}`);
  for (const [what, times] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(6)}  ${what}`);
  console.log(`${faults} faults, ${recordsReadAgain} records read again, ${looks} looks at both ledgers; ` +
    (failure === null ? 'every table was right' : 'ONE TRIAL FAILED'));
  return failure === null;
}
