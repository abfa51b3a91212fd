import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { eventually } from '../../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const limit = { deadlineMs: 30_000 };
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const unpaced = { keys: { max_msgs_per_sec: 0 } };

describe.skipIf(why !== null)(`a process that was stopped, and goes on when another has its lanes, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  const running: DaemonProcess[] = [];
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => { trial = new Trial(await prepareGround(postgres), { seed, records: 2_500, perSecond: 1_500 }); });
  afterEach(async () => {
    for (const daemon of running.splice(0)) await daemon.stop('SIGKILL');
    trial.dispose();
  });

  const inItsMiddle = ({ lanes }: PipelineStatus): boolean =>
    lanes.length === 2 && lanes.every((lane) => lane.checkpoint.written > 1 && !lane.ended);

  /** Stands still in the middle of its logs, whatever it was about to do. */
  const sleeper = async (): Promise<DaemonRun> => {
    const run = await DaemonRun.start(trial);
    running.push(run.daemon);
    await eventually(() => run.status !== null && inItsMiddle(run.status));
    run.daemon.signal('SIGSTOP');
    return run;
  };

  const wake = async (run: DaemonRun): Promise<number | null> => {
    run.daemon.signal('SIGCONT');
    return run.ended();
  };

  /** Of one that was stopped: how often it found that somebody else was further on. */
  const timesOvertaken = (run: DaemonRun): number => run.daemon.log.split('is further on elsewhere').length - 1;

  it('takes up the checkpoint of the other where that has read to the end', async () => {
    const zombie = await sleeper();
    const other = await DaemonRun.start(trial, unpaced);
    expect(await other.ended(), other.daemon.log).toBe(0);
    expect(await wake(zombie), zombie.daemon.log).toBe(0);
    await expectInvariants(trial, { faults: timesOvertaken(zombie), readAgain: true });
  });

  it('runs beside the other, and whoever is behind takes up the checkpoint of who is further on', async () => {
    const zombie = await sleeper();
    const other = await DaemonRun.start(trial);
    running.push(other.daemon);
    await eventually(() => other.status !== null && inItsMiddle(other.status));
    expect(await wake(zombie), zombie.daemon.log).toBe(0);
    expect(await other.ended(), other.daemon.log).toBe(0);
    await expectInvariants(trial, { faults: timesOvertaken(zombie) + timesOvertaken(other), readAgain: true });
  });

  it('ends in order when it was asked to while it slept', async () => {
    const zombie = await sleeper();
    zombie.daemon.signal('SIGTERM');
    const other = await DaemonRun.start(trial, unpaced);
    expect(await other.ended(), other.daemon.log).toBe(0);
    expect(await wake(zombie), zombie.daemon.log).toBe(0);
    expect(zombie.daemon.log).toContain('Shutdown began (SIGTERM)');
    await expectInvariants(trial, { faults: timesOvertaken(zombie), readAgain: true });
  });

  it('gives the lanes up where the other has rebuilt them', async () => {
    const zombie = await sleeper();
    const rebuild = await DaemonRun.start(trial, { ...unpaced, args: ['--rebuild', 'all'] });
    expect(await rebuild.ended(), rebuild.daemon.log).toBe(0);
    expect(await wake(zombie), zombie.daemon.log).toBe(3);
    expect(zombie.daemon.log).toContain('lane-taken');
    await expectInvariants(trial, { faults: postgres.errors('MD001'), readAgain: true, generation: 2 });
  });
});

/** A tick of one of five symbols every 50 ms. */
function csv(records: number, without = ''): string {
  const lines = ['trade_id,event_time_ms,side,price,size,symbol'];
  for (let n = 0; n < records; n++) {
    if (`S${n % 5}` !== without) lines.push(`${n},${Date.UTC(2026, 0, 5) + n * 50},buy,${100 + (n % 17)},1,S${n % 5}`);
  }
  return `${lines.join('\n')}\n`;
}

describe.skipIf(why !== null)(`rows that are in no log any more${leftOut}`, () => {
  let postgres: TestPostgres;
  let proxy: TcpProxy;
  let trial: Trial;
  const running: DaemonProcess[] = [];
  beforeAll(async () => {
    postgres = await TestPostgres.start(journalOptions);
    proxy = await TcpProxy.start(postgres.port);
    trial = new Trial(await prepareGround(postgres), { seed, records: 10, perSecond: 10 });
  });
  afterAll(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    trial.dispose();
    await proxy.close();
    await postgres.dispose();
  });

  it('a woken zombie cannot insert a row that the rebuild removed', async () => {
    const { name, journal } = trial.ground;
    const file = path.join(trial.directory, 'trades.csv');
    const start = (port: number, keys: object, args: readonly string[]): DaemonProcess => {
      const daemon = new DaemonProcess({
        config: JSON.stringify({
          name: 'zombie', bars: { specs: ['1s', '5s'] }, checkpoint: { interval_ms: 100 }, pipeline: { flush_ms: 20 },
          sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max', complete: true, ...keys }],
          sink: { workers: 2, deadline_ms: 1_000, retry: { base_ms: 10, max_ms: 100 } },
        }),
        args: ['--until-end', ...args], environment: { DATABASE_URL: postgres.url({ database: name, port }) },
      });
      running.push(daemon);
      return daemon;
    };
    const removed = async (): Promise<number> => {
      const { rows } = await trial.database.query<{ count: number }>(limit, "SELECT count(*) AS count FROM bars WHERE symbol = 'S3'");
      return rows[0].count;
    };

    writeFileSync(file, csv(8_000));
    const zombie = start(proxy.port, { max_msgs_per_sec: 2_000, burst: 40, batch_ticks: 20 }, []);
    await eventually(async () => (await removed()) > 50);
    proxy.freeze(); // Rows of S3 are on their way to the server, and stay there.
    await eventually(async () => (await zombie.status<PipelineStatus>()).rows.inFlight > 0);
    zombie.signal('SIGSTOP');
    writeFileSync(`${file}.new`, csv(8_000, 'S3'));
    renameSync(`${file}.new`, file); // The zombie has the old one open, and would read on.
    const rebuild = start(postgres.port, {}, ['--rebuild', 'history']);
    expect(await rebuild.ended(), rebuild.log).toBe(0);
    expect(await removed()).toBe(0);
    const deleted = await journal.count('deletes', 'zombie');
    expect(deleted).toBeGreaterThan(50);

    proxy.thaw();
    zombie.signal('SIGCONT');
    const code = await zombie.ended();
    expect(await removed()).toBe(0);
    expect(await journal.problems('zombie')).toEqual([]);
    expect(postgres.errors('MD001')).toBeGreaterThan(0);
    expect(zombie.log).toContain('lane-taken');
    expect(code, zombie.log).toBe(3);
  });
});
