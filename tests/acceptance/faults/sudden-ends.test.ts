import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

interface End {
  readonly title: string;
  readonly faults: object;
  readonly watchdog?: object;
  readonly nodeFlags?: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ends: readonly End[] = [
  {
    title: 'its heap is full', faults: { exhaust_at: 'before-commit:30' }, code: null, signal: 'SIGABRT',
    nodeFlags: ['--max-old-space-size=64', '--max-semi-space-size=4', '--report-exclude-env'],
  },
  { title: 'an error that nothing catches', faults: { throw_at: 'after-copy:40' }, code: 70, signal: null },
  {
    title: 'its event loop stands still for ever', faults: { hang_at: 'before-marker:5' }, watchdog: { stall_ms: 1_000 },
    code: null, signal: 'SIGKILL',
  },
];

describe.skipIf(why !== null)(`a daemon that ends of itself, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  let reports: string;
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    trial = new Trial(await prepareGround(postgres), { seed, records: 1_800, perSecond: 2_500 });
    reports = mkdtempSync(path.join(tmpdir(), 'mdp-reports-'));
  });
  afterEach(() => {
    trial.dispose();
    rmSync(reports, { recursive: true });
  });

  it.each(ends)('leaves the table of one undisturbed run behind: $title', async ({ faults, watchdog = {}, nodeFlags, code, signal }) => {
    const sections = { faults, watchdog, crash_reports: { directory: reports } };
    const run = await DaemonRun.start(trial, nodeFlags === undefined ? { sections } : { sections, nodeFlags });
    expect(await run.ended(), run.daemon.log).toBe(code);
    expect(run.daemon.endedBy).toBe(signal);
    // A commit may come before the first checkpoint on one machine, and behind the tenth on another.
    if ('hang_at' in faults) reached('a checkpoint', await trial.ground.journal.count('checkpoints', trial.name) > 0);
    const restart = await DaemonRun.start(trial, { keys: { max_msgs_per_sec: 0 } });
    expect(await restart.ended(), restart.daemon.log).toBe(0);
    await expectInvariants(trial, { faults: 1, readAgain: true });
  });
});
