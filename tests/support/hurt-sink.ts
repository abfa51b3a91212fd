import { expect } from 'vitest';
import { systemClock } from '../../src/lifecycle.ts';
import { createRowBatch, type RowBatch } from '../../src/model/rows.ts';
import type { TimescaleSinkOptions } from '../../src/sinks/timescale/timescale-sink.ts';
import { laneOf } from './batches.ts';
import { eventually } from './eventually.ts';
import type { TestPostgres } from './postgres.ts';
import { PoolRig } from './sink-pool.ts';
import { plainRow, SinkRig, type PlainRow } from './sink-rows.ts';
import { TcpProxy } from './tcp-proxy.ts';

const workers = 2;
const lane = laneOf();

export interface Holder {
  readonly release: () => Promise<void>;
}

/** A pool that writes through a proxy into a database of its own, and what must be in the table at the end. */
export class HurtSink {
  readonly rows: SinkRig;
  readonly pool: PoolRig;
  readonly proxy: TcpProxy;
  readonly database: string;
  /** Settles when the pool ends. */
  running: Promise<void> = Promise.resolve();
  readonly #expected = new Map<string, number>();
  #position = 0;

  private constructor(parts: { rows: SinkRig; pool: PoolRig; proxy: TcpProxy; database: string }) {
    ({ rows: this.rows, pool: this.pool, proxy: this.proxy, database: this.database } = parts);
  }

  static async make(postgres: TestPostgres, options: Partial<TimescaleSinkOptions> & { user?: string } = {}): Promise<HurtSink> {
    const { user = 'mdp', ...sinkOptions } = options;
    const database = await postgres.createDatabase();
    const proxy = await TcpProxy.start(postgres.port);
    const rows = new SinkRig(postgres.connect({ database }), postgres.url({ database }));
    await rows.register(lane);
    if (user !== 'mdp') await rows.use(...rolesFor(user));
    const sink = rows.sink({
      url: postgres.url({ database, user, port: proxy.port }), workers, connectTimeoutMs: 1_000, deadlineMs: 1_000, ...sinkOptions,
    });
    const pool = new PoolRig({
      sinks: [sink], clock: systemClock, names: rows.names, workers, random: Math.random,
      retry: { base_ms: 5, max_ms: 50, multiplier: 2 }, breaker: { failures: 5, reset_ms: 50, drain_reset_ms: 20 },
    });
    pool.diary.onHappening = () => expect(pool.imbalance()).toBe(0);
    return new HurtSink({ rows, pool, proxy, database });
  }

  run(): Promise<void> {
    this.running = this.pool.pool.run();
    this.running.catch(() => {}); // Whoever awaits it hears of it.
    return this.running;
  }

  /** Puts batches in: new rows, and rows of the same keys that have seen more. */
  put(batches: number, rowsPerBatch = 400): void {
    for (let number = 0; number < batches; number++) {
      for (let shard = 0; shard < workers; shard++) this.#putOne(shard, rowsPerBatch);
    }
  }

  /** Rows of one kind only: all new, or all again. */
  putRows(rows: readonly PlainRow[]): void {
    for (const row of rows) this.#expect(row);
    this.pool.put(this.rows.batch(rows, lane));
  }

  /** Every row takes this long to be written: faults meet a COPY on its way. */
  async slowDown(microsecondsPerRow: number): Promise<void> {
    await this.rows.rows(`CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(${microsecondsPerRow / 1e6}); RETURN NEW; END $$`);
    await this.rows.rows('CREATE TRIGGER slow_down BEFORE INSERT ON bars FOR EACH ROW EXECUTE FUNCTION slow_down()');
  }

  async speedUp(): Promise<void> {
    await this.rows.rows('DROP TRIGGER IF EXISTS slow_down ON bars');
  }

  async midCopy(): Promise<void> {
    await eventually(async () => {
      const [row] = await this.rows.rows<{ rows: number }>(
        'SELECT coalesce(max(tuples_processed), 0)::integer AS rows FROM pg_stat_progress_copy WHERE datname = current_database()');
      return row.rows > 20;
    });
  }

  /** Everything that was put in has been written. */
  async idle(): Promise<void> {
    await eventually(() => this.pool.queued() === 0 && this.pool.pool.rowsInFlight() === 0);
  }

  async failed(times: number): Promise<void> {
    await eventually(() => this.pool.diary.count('failed') >= times);
  }

  /** Everything that went in is in the table, once, as it was last. */
  async expectTable(): Promise<void> {
    const stored = await this.rows.rows<{ symbol: string; open_ms: number; position: number }>(
      'SELECT symbol, (extract(epoch FROM open_time) * 1000)::bigint AS open_ms, position FROM bars');
    const found = new Map(stored.map((row) => [`${row.symbol} ${row.open_ms}`, row.position]));
    expect([...this.#expected].filter(([key, position]) => found.get(key) !== position)).toEqual([]);
    expect(found.size).toBe(this.#expected.size);
    expect(this.pool.imbalance()).toBe(0);
    expect(this.pool.pool.rowsInFlight()).toBe(0);
  }

  async dispose(): Promise<void> {
    this.pool.pool.abort();
    await this.rows.dispose();
    await this.proxy.close();
  }

  /** The row will not be in the table. */
  forget(row: PlainRow): void {
    this.#expected.delete(`${row.symbol} ${row.openTimeMs}`);
  }

  /** Somebody else's transaction: it runs `statement`, `later` once its time has come, and ends when it is released. */
  async hold(statement: string, later?: { text: string; when: () => Promise<void> }): Promise<Holder> {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let ended: Promise<unknown> = Promise.resolve();
    await new Promise<void>((locked) => {
      ended = this.rows.database.use({ deadlineMs: 60_000 }, async (client) => {
        await client.query('BEGIN');
        await client.query(statement);
        locked();
        if (later !== undefined) {
          await later.when();
          await client.query(later.text);
        }
        await held;
        await client.query('COMMIT');
      });
    });
    return { release: async () => { release(); await ended; } };
  }

  /** Somebody waits for a lock in our database. */
  async lockAwaited(): Promise<void> {
    await eventually(async () => {
      const waiting = await this.rows.rows<{ count: number }>(
        "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
      return waiting[0].count > 0;
    });
  }

  #putOne(shard: number, count: number): void {
    const rows = Array.from({ length: count }, (_, index): PlainRow => {
      this.#position++;
      const again = index % 5 === 4 && this.#position > count * workers * 2;
      const place = again ? this.#position - count * workers * 2 : this.#position;
      const openTimeMs = plainRow.openTimeMs + place * 60_000;
      return { symbol: `S${shard}`, openTimeMs, closeTimeMs: openTimeMs + 60_000, position: this.#position, again };
    });
    for (const row of rows) this.#expect(row);
    const batch: RowBatch = { ...createRowBatch(lane, shard, 0, 1), bars: this.rows.bars(rows) };
    this.pool.put(batch);
  }

  #expect(row: PlainRow): void {
    this.#expected.set(`${row.symbol} ${row.openTimeMs}`, row.position!);
  }
}

/** An ordinary user with every right that a sink needs. */
function rolesFor(user: string): string[] {
  return [
    `DO $$ BEGIN CREATE ROLE ${user} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    `ALTER ROLE ${user} CONNECTION LIMIT -1`,
    `GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO ${user}`,
  ];
}
