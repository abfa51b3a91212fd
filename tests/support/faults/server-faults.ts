import type { PipelineStatus } from '../../../src/model/status.ts';
import { eventually } from '../eventually.ts';
import type { TcpProxy } from '../tcp-proxy.ts';
import { TinyDisk } from './tiny-disk.ts';
import type { Trial } from './trial.ts';

/** A run as its faults see it. */
export interface HurtRun {
  /** Its way to the server. */
  readonly proxy: TcpProxy;
  look(): PipelineStatus;
  until(condition: (status: PipelineStatus) => boolean | Promise<boolean>): Promise<void>;
}

/** What a fault happens to. */
export interface Victim {
  readonly trial: Trial;
  readonly run: HurtRun;
  /** What one step of a fault leaves for the next. */
  readonly kept: { release?: () => Promise<void>; disk?: TinyDisk };
}

export interface ServerFault {
  readonly title: string;
  /** Before anything runs. */
  readonly prepare?: (trial: Trial, kept: Victim['kept']) => Promise<void>;
  readonly begin: (victim: Victim) => Promise<void>;
  /** Over at once, and felt only where somebody was at work just then: it is begun until it is felt. */
  readonly isMoment?: boolean;
  readonly heal: (victim: Victim) => Promise<void>;
  /** How often the fault was felt so far. Failed attempts unless it says otherwise. */
  readonly felt?: (victim: Victim) => number;
  /** It goes on until it is healed, and needs no particular moment: it can be mixed with others. */
  readonly isState?: boolean;
  /** Null when it can be had here, else why not. */
  readonly why?: () => string | null;
}

/** Attempts of the sink and of checkpoints that have failed. */
export function failures({ sink, lanes }: PipelineStatus): number {
  const batches = Object.values(sink.batchesFailed).reduce((sum, count) => sum + count, 0);
  return batches + lanes.reduce((sum, lane) => sum + lane.checkpoint.failed, 0);
}

const limit = { deadlineMs: 30_000 };

export const serverFaults: readonly ServerFault[] = [
  {
    title: 'the server is stopped in good order, and starts again', isState: true,
    begin: ({ trial }) => trial.ground.postgres.stop('fast'),
    heal: ({ trial }) => trial.ground.postgres.startAgain(),
  },
  {
    title: 'the server crashes, and recovers', isState: true,
    begin: ({ trial }) => trial.ground.postgres.stop('immediate'),
    heal: ({ trial }) => trial.ground.postgres.startAgain(),
  },
  {
    title: 'the server stands still, and goes on', isState: true,
    begin: async ({ trial }) => trial.ground.postgres.freeze(),
    heal: async ({ trial }) => trial.ground.postgres.thaw(),
  },
  {
    title: 'nothing passes on the way, and nobody is told', isState: true,
    begin: async ({ run }) => run.proxy.freeze(),
    heal: async ({ run }) => run.proxy.thaw(),
  },
  {
    title: 'everything takes long on the way', isState: true,
    begin: async ({ run }) => { run.proxy.delayMs = 50; },
    felt: ({ run }) => Math.floor(run.proxy.delayed / 50),
    heal: async ({ run }) => { run.proxy.delayMs = 0; },
  },
  {
    title: 'the server ends every session', isState: true, isMoment: true,
    begin: ({ trial }) => execute(trial, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'mdp%' AND application_name <> 'mdp-test'`),
    heal: async () => {},
  },
  {
    title: 'the server is read-only, as after a failover', isState: true,
    begin: async (victim) => {
      await execute(victim.trial, `ALTER DATABASE ${victim.trial.ground.name} SET default_transaction_read_only = on`);
      victim.run.proxy.cut();
    },
    heal: async ({ trial }) => execute(trial, `ALTER DATABASE ${trial.ground.name} RESET default_transaction_read_only`),
  },
  {
    title: 'somebody holds a lock on bars', isState: true,
    begin: (victim) => hold(victim, ['LOCK TABLE bars IN ACCESS EXCLUSIVE MODE']),
    heal: (victim) => victim.kept.release!(),
  },
  {
    title: 'somebody holds a lock on lanes', isState: true,
    begin: (victim) => hold(victim, ['LOCK TABLE lanes IN ACCESS EXCLUSIVE MODE']),
    heal: (victim) => victim.kept.release!(),
  },
  {
    title: 'two writers deadlock',
    // The sink holds bars and waits for lanes when the other asks for bars; its session is the one that looks for a deadlock.
    begin: (victim) => hold(victim, ["SET deadlock_timeout = '1h'", 'SELECT FROM lanes FOR UPDATE'], {
      when: () => sinkWaitsWithBars(victim), statement: 'LOCK TABLE bars IN SHARE MODE',
    }),
    felt: ({ trial }) => trial.ground.postgres.errors('40P01'),
    heal: (victim) => victim.kept.release!(),
  },
  {
    title: 'a transaction cannot be serialized',
    begin: async (victim) => {
      await execute(victim.trial, `ALTER DATABASE ${victim.trial.ground.name} SET default_transaction_isolation = 'repeatable read'`);
      victim.run.proxy.cut();
      await victim.run.until((status) => status.sink.retries > 0 && status.sink.state === 'ok');
      await hold(victim, ['UPDATE lanes SET taken_at = now()']);
      await sinkWaitsWithBars(victim);
      await victim.kept.release!();
    },
    felt: ({ trial }) => trial.ground.postgres.errors('40001'),
    heal: async ({ trial }) => execute(trial, `ALTER DATABASE ${trial.ground.name} RESET default_transaction_isolation`),
  },
  {
    title: 'the disk is full',
    prepare: async (trial, kept) => {
      kept.disk = TinyDisk.mount(8);
      const space = `tiny_${trial.ground.name}`;
      await execute(trial, `CREATE TABLESPACE ${space} LOCATION '${kept.disk.directory}'`);
      await execute(trial, `ALTER TABLE bars SET TABLESPACE ${space}`);
    },
    begin: async ({ kept }) => kept.disk!.fill(),
    felt: ({ trial }) => trial.ground.postgres.errors('53100'),
    heal: async ({ kept }) => kept.disk!.free(),
    why: () => TinyDisk.whyNot(),
  },
];

async function execute({ database }: Trial, text: string): Promise<void> {
  await database.query(limit, text);
}

interface Later {
  readonly when: () => Promise<void>;
  readonly statement: string;
}

/** Somebody else's transaction, which stays open until it is released. `later` is said once it is held. */
async function hold(victim: Victim, statements: readonly string[], later?: Later): Promise<void> {
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const ended = victim.trial.database.use({ deadlineMs: 60_000 }, async (client) => {
    await client.query('BEGIN');
    for (const statement of statements) await client.query(statement);
    held.resolve();
    if (later !== undefined) {
      await later.when();
      await client.query(later.statement);
    }
    await released.promise;
    await client.query('COMMIT');
  });
  ended.catch((error: unknown) => held.reject(error));
  victim.kept.release = async () => {
    released.resolve();
    await ended;
  };
  await held.promise;
}

/** A writer has bars in its open transaction and waits for somebody. */
async function sinkWaitsWithBars({ trial }: Victim): Promise<void> {
  await eventually(async () => {
    const { rows } = await trial.database.query<{ found: boolean }>(limit, `
      SELECT EXISTS (SELECT FROM pg_locks AS has JOIN pg_locks AS wants USING (pid)
        WHERE has.relation = 'bars'::regclass AND has.mode = 'RowExclusiveLock' AND has.granted AND NOT wants.granted) AS found`);
    return rows[0].found;
  });
}
