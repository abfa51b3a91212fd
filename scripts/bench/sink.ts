/**
 * The sink into a native PostgreSQL, beside what the bare server takes: the same rows, encoded before, by the same number
 * of connections, in COPYs of the same size.
 */
import { systemClock } from '../../src/lifecycle.ts';
import { BarColumns } from '../../src/model/bar.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import { type RowBatch, type SinkItem } from '../../src/model/rows.ts';
import { copyIn, type Database } from '../../src/postgres.ts';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { QueueGroup } from '../../src/queues/queue-group.ts';
import { SinkPoolRunner } from '../../src/sinks/run-sink-pool.ts';
import type { SinkPoolEvents } from '../../src/sinks/sink-events.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { BarEncoder } from '../../src/sinks/timescale/copy-binary.ts';
import { KeyOrder } from '../../src/sinks/timescale/key-order.ts';
import { copyDirect, copyStaged, createStaging } from '../../src/sinks/timescale/sql/bars.ts';
import { barColumns } from '../../src/sinks/timescale/copy-binary.ts';
import { TimescaleSink } from '../../src/sinks/timescale/timescale-sink.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';

const symbolCount = 200;
const batchRows = 500;
/** What the pool makes of a backlog: four times 512,000 bytes of 136 a row, in whole batches. */
const mergedRows = 15_000;
const rowsPerRun = 90_000;
/** The best of them counts: what else goes on on a machine makes rounds slower, never faster. */
const rounds = 5;
const workerCounts = [1, 2, 3];
const startMs = 1_700_000_000_000;
const limit = { deadlineMs: 120_000 };
const specNames = ['1s', '1m', '5m'];

type Kind = 'first' | 'again';

const lane: Lane = {
  name: 'bench/source', source: 'source', generation: 1, pausable: true, complete: true, fromPosition: 0, storedUntilMs: -Infinity,
};

export async function benchSink(): Promise<BenchRow[]> {
  const missing = whyNoPostgres();
  if (missing !== null) {
    console.log(`The sink was not measured: ${missing}`);
    return [];
  }
  // Without waiting for the disk: its moods are the same for both, and larger than the difference.
  const postgres = await TestPostgres.start(['fsync=off', 'shared_buffers=256MB', 'max_wal_size=8GB', 'checkpoint_timeout=1h']);
  try {
    const bench = await SinkBench.prepare(postgres);
    const rows: BenchRow[] = [];
    for (const kind of ['first', 'again'] as const) {
      for (const workers of workerCounts) rows.push(await bench.compare(kind, workers));
    }
    return rows;
  } finally {
    await postgres.dispose();
  }
}

class SinkBench {
  readonly #database: Database;
  readonly #url: string;
  readonly #instruments = new InstrumentTable();
  #position = 0;

  private constructor(database: Database, url: string) {
    this.#database = database;
    this.#url = url;
    for (let index = 0; index < symbolCount; index++) this.#instruments.intern('binance', `SYM${index}USDT`);
  }

  static async prepare(postgres: TestPostgres): Promise<SinkBench> {
    const name = await postgres.createDatabase();
    const database = postgres.connect({ database: name });
    await database.query(limit, `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time)
      VALUES ('${lane.name}', 'source', 1, 'bench', true, now())`);
    return new SinkBench(database, postgres.url({ database: name }));
  }

  async compare(kind: Kind, workers: number): Promise<BenchRow> {
    const [sink, bare]: [number[], number[]] = [[], []];
    const timescale = this.#open(workers);
    for (let round = 0; round < rounds + 1; round++) {
      await this.#reset(kind);
      const bareRate = await this.#bare(kind, workers);
      await this.#reset(kind);
      const sinkRate = await this.#sink(kind, workers, keptOpen(timescale));
      if (round === 0) continue; // Warms up.
      bare.push(bareRate);
      sink.push(sinkRate);
    }
    await timescale.close();
    return {
      name: `sink, ${kind === 'first' ? 'first rows' : 'rows written again'}, workers: ${workers}`,
      value: Math.max(...sink), unit: 'rows/s', limit: Math.max(...bare),
      limitName: kind === 'first' ? 'bare binary COPY of encoded rows' : 'bare COPY to temp table and upsert',
      aim: '>= 90 %',
    };
  }

  /** Every run starts alike: an empty table for first rows, one that holds all of them for the others. */
  async #reset(kind: Kind): Promise<void> {
    await this.#database.query(limit, 'TRUNCATE bars');
    if (kind === 'again') await this.#bare('first', 1);
    await this.#database.query(limit, 'VACUUM ANALYZE bars');
  }

  #open(workers: number): TimescaleSink {
    return new TimescaleSink({
      url: this.#url, workers, connectTimeoutMs: 5_000, deadlineMs: 60_000, nowMs: () => systemClock.nowMs(),
      names: { instruments: this.#instruments, specNames },
    });
  }

  async #sink(kind: Kind, workers: number, sink: Sink): Promise<number> {
    const names = { instruments: this.#instruments, specNames };
    const groups = this.#batches(kind, workers, batchRows).map(groupOf);
    const pool = new SinkPoolRunner({
      groups, sinks: [sink], names, retry: { base_ms: 50, max_ms: 1_000, multiplier: 2 },
      breaker: { failures: 5, reset_ms: 1_000, drain_reset_ms: 1_000 }, batchBytesMax: 512_000, clock: systemClock,
      events: silent,
    });
    const startedAt = performance.now();
    await pool.run();
    const seconds = (performance.now() - startedAt) / 1_000;
    if (pool.rows.committed !== rowsPerRun) throw new Error(`${pool.rows.committed} of ${rowsPerRun} rows were committed`);
    return rowsPerRun / seconds;
  }

  async #bare(kind: Kind, workers: number): Promise<number> {
    const order = new KeyOrder(this.#instruments, specNames);
    const encoder = new BarEncoder(this.#instruments, specNames);
    const payloads = this.#batches(kind, workers, mergedRows).map((batches) => batches.map(({ bars }) => {
      const rows = Int32Array.from({ length: bars.length }, (_, row) => row);
      order.sort(bars, rows);
      return encoder.encode(lane, bars, rows);
    }));
    const startedAt = performance.now();
    await Promise.all(payloads.map((list) => this.#copyAll(kind, list)));
    return rowsPerRun / ((performance.now() - startedAt) / 1_000);
  }

  #copyAll(kind: Kind, payloads: readonly Buffer[]): Promise<void> {
    return this.#database.use(limit, async (client) => {
      if (kind === 'again') await client.query(createStaging);
      for (const payload of payloads) {
        if (kind === 'first') await copyIn(client, copyDirect, payload);
        else {
          await client.query('BEGIN');
          await copyIn(client, copyStaged, payload);
          await client.query(bareUpsert);
          await client.query('COMMIT');
        }
      }
    });
  }

  /** The same rows for every run, by worker, in the order in which windows close; `again` rows have seen more each time. */
  #batches(kind: Kind, workers: number, size: number): RowBatch[][] {
    this.#position++;
    const shards: RowBatch[][] = Array.from({ length: workers }, () => []);
    for (let row = 0; row < rowsPerRun; row++) {
      const instrument = row % symbolCount;
      const shard = shards[instrument % workers];
      let batch = shard.at(-1);
      if (batch === undefined || batch.bars.length === size) {
        batch = {
          lane, shard: instrument % workers, bars: new BarColumns(size), indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: [], openedAtMs: 0,
        };
        shard.push(batch);
      }
      fillRow(batch.bars, { instrument, window: Math.floor(row / symbolCount), position: this.#position, again: kind === 'again' });
    }
    return shards;
  }
}

function fillRow(bars: BarColumns, of: { instrument: number; window: number; position: number; again: boolean }): void {
  const row = bars.add();
  const price = 100 + ((of.instrument * 7 + of.window * 13) % 1_000) / 7;
  bars.instrument[row] = of.instrument;
  bars.spec[row] = of.window % 3;
  bars.openTimeMs[row] = startMs + of.window * 1_000;
  bars.closeTimeMs[row] = startMs + (of.window + 1) * 1_000;
  bars.barIndex[row] = 0;
  bars.open[row] = price;
  bars.high[row] = price * 1.01;
  bars.low[row] = price * 0.99;
  bars.close[row] = price * 1.001;
  bars.volume[row] = price / 3;
  bars.notional[row] = price * price / 3;
  bars.buyVolume[row] = price / 5;
  bars.sellVolume[row] = price / 7;
  bars.trades[row] = of.window;
  bars.quality[row] = 0;
  bars.state[row] = 3;
  bars.revision[row] = 0;
  bars.whole[row] = 1;
  bars.position[row] = of.position;
  bars.again[row] = of.again ? 1 : 0;
}

/** Connections stay from round to round, as those of the bare server do. */
function keptOpen(sink: Sink): Sink {
  return {
    name: sink.name, open: () => Promise.resolve(),
    write: (rows, abort) => sink.write(rows, abort), close: () => Promise.resolve(),
  };
}

const columns = barColumns.join(', ');
/** What anybody would write: no guard, no fence. */
const bareUpsert = `INSERT INTO bars (${columns}) SELECT ${columns} FROM mdp_staged_bars
  ON CONFLICT (venue, symbol, bar_spec, open_time, bar_index) DO UPDATE SET
  ${barColumns.map((column) => `${column} = excluded.${column}`).join(', ')}`;

function groupOf(batches: readonly RowBatch[]): QueueGroup<SinkItem> {
  const group = new QueueGroup<SinkItem>();
  const queue = new BoundedQueue<SinkItem>({
    itemsMax: batches.length, bytesMax: Infinity, policy: 'block', bytesOf: () => 0,
  });
  for (const batch of batches) queue.tryPut(batch);
  group.add(queue);
  queue.close();
  group.close();
  return group;
}

const silent: SinkPoolEvents = {
  rowsTaken: () => {}, committed: () => {}, failedAttempt: ({ message }) => console.error(message), retried: () => {}, laneLost: () => {},
  rowsDropped: () => {}, setAside: () => {}, breakerChanged: () => {},
};
