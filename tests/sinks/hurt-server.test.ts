import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HurtSink, type Holder } from '../support/hurt-sink.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';

const why = whyNoPostgres();

describe.skipIf(why !== null)(`a sink whose server is hurt${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  let rig: HurtSink;
  let lock: Holder;
  beforeAll(async () => {
    postgres = await TestPostgres.start();
  });
  afterEach(async () => {
    postgres.thaw();
    await rig.dispose();
    await postgres.startAgain();
  });
  afterAll(() => postgres.dispose());

  const troubles: readonly { readonly title: string; readonly begin: () => Promise<void>; readonly heal: () => Promise<void> }[] = [
    {
      title: 'absent from the start',
      begin: async () => {
        await postgres.stop('fast');
        void rig.run();
      },
      heal: () => postgres.startAgain(),
    },
    {
      title: 'stopped in good order in the middle of a COPY',
      begin: async () => {
        void rig.run();
        await rig.midCopy();
        await postgres.stop('fast');
      },
      heal: () => postgres.startAgain(),
    },
    {
      title: 'killed in the middle of a COPY',
      begin: async () => {
        void rig.run();
        await rig.midCopy();
        await postgres.stop('immediate');
      },
      heal: () => postgres.startAgain(),
    },
    {
      title: 'frozen past the deadline',
      begin: async () => {
        void rig.run();
        await rig.midCopy();
        postgres.freeze();
      },
      heal: () => Promise.resolve(postgres.thaw()),
    },
    {
      title: 'behind a network that swallows everything',
      begin: async () => {
        void rig.run();
        await rig.midCopy();
        rig.proxy.freeze();
      },
      heal: () => Promise.resolve(rig.proxy.thaw()),
    },
    {
      title: 'locked by somebody else past the deadline',
      begin: async () => {
        lock = await rig.hold('LOCK TABLE bars IN ACCESS EXCLUSIVE MODE');
        void rig.run();
      },
      heal: () => lock.release(),
    },
    {
      title: 'read-only, as after a failover',
      begin: async () => {
        await rig.rows.rows(`ALTER DATABASE ${rig.database} SET default_transaction_read_only = on`);
        void rig.run();
      },
      heal: () => rig.rows.use('SET default_transaction_read_only = off', `ALTER DATABASE ${rig.database} RESET ALL`),
    },
    {
      title: 'without a free connection',
      begin: async () => {
        await rig.rows.rows('ALTER ROLE limited CONNECTION LIMIT 0');
        void rig.run();
      },
      heal: () => rig.rows.use('ALTER ROLE limited CONNECTION LIMIT 10'),
    },
  ];

  const begin = async (trouble: (typeof troubles)[number]): Promise<void> => {
    rig = await HurtSink.make(postgres, { user: 'limited' });
    await rig.slowDown(200);
    rig.put(6);
    await trouble.begin();
    await rig.failed(3);
  };

  it.each(troubles)('$title: every row is there in the end', async (trouble) => {
    await begin(trouble);
    await trouble.heal();
    await rig.speedUp();
    rig.put(2);
    rig.pool.close();
    await rig.running;
    await rig.expectTable();
    expect(rig.pool.pool.rows.dropped).toEqual({});
    expect(rig.pool.pool.status()).toMatchObject({ breaker: 'closed', problem: null });
    // A batch that does not come through within its deadline on a busy machine is cut in two.
    const { 'too-large': _, ...failed } = rig.pool.pool.status().batchesFailed;
    expect(Object.keys(failed)).toEqual(['unavailable']);
  });

  it.each(troubles)('$title: it drains once that is over', async (trouble) => {
    await begin(trouble);
    rig.pool.close();
    rig.pool.pool.drain();
    await rig.failed(5);
    await trouble.heal();
    await rig.speedUp();
    await rig.running;
    await rig.expectTable();
  });

  it.each(troubles)('$title: a forced end waits for nobody and says what is lost', async (trouble) => {
    await begin(trouble);
    rig.pool.close();
    rig.pool.pool.abort();
    await rig.running; // Nothing has healed.
    expect(rig.pool.imbalance()).toBe(0);
    expect(rig.pool.pool.rowsInFlight()).toBe(0);
    const lost = (rig.pool.pool.rows.dropped['forced-end'] ?? 0) + rig.pool.queued();
    expect(lost).toBeGreaterThan(0);
    await trouble.heal();
  });
});
