import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HurtSink, type Holder } from '../support/hurt-sink.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { manyRows } from '../support/sink-rows.ts';

const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a sink pool on a real server${leftOut}`, () => {
  let postgres: TestPostgres;
  let rig: HurtSink;
  beforeAll(async () => {
    postgres = await TestPostgres.start(['fsync=off', 'deadlock_timeout=300ms']);
  });
  afterEach(() => rig.dispose());
  afterAll(() => postgres.dispose());

  const finish = async (): Promise<void> => {
    rig.pool.close();
    await rig.run();
    await rig.expectTable();
  };

  /** Lets the pool write what it has, and go on. */
  const finishPrologue = async (): Promise<void> => {
    void rig.run();
    await rig.idle();
  };

  it('asks by upsert whether a COMMIT without an answer was carried out', async () => {
    rig = await HurtSink.make(postgres);
    rig.proxy.loseAnswerTo('COMMIT');
    rig.put(3);
    await finish();
    expect(rig.proxy.answersLost).toBe(1);
    expect(rig.pool.pool.tally).toMatchObject({ batchesFailed: { unknown: 1 }, retries: 1, fallbacks: 0 });
    expect(rig.pool.pool.tally.rowsOutdated).toBeGreaterThan(0); // They were there.
    expect(rig.pool.pool.tally.rowsDirect).toBeGreaterThan(0); // Only that batch was asked for.
  });

  it('writes every row when connections break again and again', async () => {
    rig = await HurtSink.make(postgres);
    await rig.slowDown(100);
    rig.put(8);
    rig.pool.close();
    const running = rig.run();
    for (let cuts = 0; cuts < 3; cuts++) {
      await rig.midCopy();
      rig.proxy.cut();
      await rig.failed(cuts + 1);
    }
    await rig.speedUp();
    await running;
    await rig.expectTable();
  });

  it.each([
    { what: 'that breaks a CHECK, by plain COPY', again: false, row: { trades: 1_000_000 } },
    { what: 'that breaks a CHECK, by upsert', again: true, row: { trades: 1_000_000 } },
    { what: 'with a NUL in its symbol', again: false, row: { symbol: 'S\0' } },
    { what: 'with a NUL in its symbol, by upsert', again: true, row: { symbol: 'S\0' } },
    { what: 'whose symbol is no text', again: false, row: { symbol: '\ud800' } },
  ])('sets one row of 5,000 aside, $what, and stores the others', async ({ again, row }) => {
    rig = await HurtSink.make(postgres);
    await rig.rows.rows('ALTER TABLE bars ADD CONSTRAINT sane CHECK (trades < 1000000)');
    const rows = manyRows(5_000, { again });
    const bad = { ...rows[3_210], ...row };
    rows[3_210] = bad;
    rig.putRows(rows);
    rig.forget(bad);
    await finish();
    expect(rig.pool.pool.rows).toMatchObject({ committed: 4_999, setAside: 1, dropped: {} });
    const letters = await rig.rows.rows<{ bytes: Buffer; reason: string }>('SELECT * FROM dead_letters');
    expect(letters).toHaveLength(1);
    expect(JSON.parse(letters[0].bytes.toString())).toMatchObject({ kind: 'bar', symbol: bad.symbol, position: bad.position, trades: bad.trades });
  });

  it('survives a deadlock with another writer', async () => {
    rig = await HurtSink.make(postgres);
    const rows = manyRows(300);
    rig.putRows(rows);
    await finishPrologue();
    const newer = rows.map((row, index) => ({ ...row, position: 1_000 + index, again: true }));
    const [first, last] = await rig.rows.rows<{ place: string }>(`(SELECT ctid::text AS place FROM bars ORDER BY symbol COLLATE "C", open_time LIMIT 1)
      UNION ALL (SELECT ctid::text FROM bars ORDER BY symbol COLLATE "C" DESC, open_time DESC LIMIT 1)`);
    // Holds the last row, and asks for the first once the sink has it: the sink's session is the one that gives way.
    const other: Holder = await rig.hold(`SET deadlock_timeout = '1h'; SELECT 1 FROM bars WHERE ctid = '${last.place}' FOR UPDATE`,
      { text: `SELECT 1 FROM bars WHERE ctid = '${first.place}' FOR UPDATE`, when: () => rig.lockAwaited() });
    rig.putRows(newer);
    rig.pool.close();
    await rig.failed(1);
    await other.release();
    await rig.running;
    await rig.expectTable();
    expect(rig.pool.pool.tally.batchesFailed).toEqual({ unavailable: 1 });
    expect(rig.pool.diary.messages.join()).toContain('40P01');
  });

  it('survives a serialization failure', async () => {
    rig = await HurtSink.make(postgres);
    await rig.rows.rows(`ALTER DATABASE ${rig.database} SET default_transaction_isolation = 'repeatable read'`);
    const rows = manyRows(300);
    rig.putRows(rows);
    await finishPrologue();
    const other = await rig.hold('UPDATE bars SET quality = 1');
    rig.putRows(rows.map((row, index) => ({ ...row, position: 1_000 + index, again: true })));
    rig.pool.close();
    await rig.lockAwaited();
    await other.release();
    await rig.running;
    await rig.expectTable();
    expect(rig.pool.diary.messages.join()).toContain('40001');
  });

  it('divides a batch that takes longer than a statement may', async () => {
    rig = await HurtSink.make(postgres);
    await rig.slowDown(2_000); // 450 rows take a second and more; a statement has three quarters of one.
    rig.putRows(manyRows(450));
    await finish();
    expect(rig.pool.pool.tally.batchesFailed['too-large']).toBeGreaterThan(0);
  });

  it.each([
    { what: 'a table is missing', hurt: 'DROP TABLE bars CASCADE', says: /42P01.*mdp migrate/s },
    { what: 'the function of the fence is missing', hurt: 'DROP FUNCTION mdp_fence', says: /42883.*mdp migrate/s },
    { what: 'a column is missing', hurt: 'ALTER TABLE bars DROP COLUMN whole CASCADE', says: /42703.*mdp migrate/s },
    { what: 'a right is missing', hurt: 'REVOKE INSERT ON bars FROM limited', says: /INSERT on bars.*Grant/s },
    { what: 'a right is missing that shows late', hurt: 'REVOKE EXECUTE ON FUNCTION mdp_fence FROM PUBLIC', says: /42501.*Grant it/s },
  ])('stops and says what to do when $what', async ({ hurt, says }) => {
    rig = await HurtSink.make(postgres, { user: 'limited' });
    rig.put(2);
    await rig.rows.rows(hurt);
    rig.pool.close();
    await expect(rig.run()).rejects.toMatchObject({ code: 'sink-failed', message: expect.stringMatching(says) });
    expect(rig.pool.imbalance()).toBe(0);
    expect(rig.pool.pool.rows.committed).toBe(0);
    expect(rig.pool.pool.status().state).toBe('failed');
  });

  it.each([
    { what: 'the password is wrong', url: { user: 'locked', password: 'wrong' }, says: /28P01.*DATABASE_URL/s },
    { what: 'the database does not exist', url: { database: 'nowhere' }, says: /3D000.*DATABASE_URL/s },
    { what: 'the server has no TLS', url: { query: '?sslmode=require' }, says: /SSL.*DATABASE_URL/s },
  ])('stops and says what to do when $what', async ({ url, says }) => {
    await postgres.connect().query({ deadlineMs: 5_000 },
      "DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    rig = await HurtSink.make(postgres, { url: postgres.url(url) + (url.query ?? '') });
    rig.put(2);
    await expect(rig.run()).rejects.toMatchObject({ code: 'sink-failed', message: expect.stringMatching(says) });
    expect(rig.pool.imbalance()).toBe(0);
  });

  it('counts the rows of a lane that is taken over while it writes', async () => {
    rig = await HurtSink.make(postgres);
    await rig.slowDown(200);
    rig.put(2);
    rig.pool.close();
    const running = rig.run();
    await rig.midCopy();
    await rig.rows.rows('UPDATE lanes SET generation = generation + 1');
    await running;
    const { committed, dropped } = rig.pool.pool.rows;
    expect(await rig.rows.count('bars')).toBe(committed);
    expect(dropped['lane-lost']).toBeGreaterThan(0);
    expect(rig.pool.imbalance()).toBe(0);
  });
});
