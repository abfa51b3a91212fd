import { BarColumns } from '../../src/model/bar.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import { createRowBatch, type RowBatch } from '../../src/model/rows.ts';
import type { Database } from '../../src/postgres.ts';
import type { RowNames } from '../../src/sinks/set-aside.ts';
import { TimescaleSink, type TimescaleSinkOptions } from '../../src/sinks/timescale/timescale-sink.ts';
import { laneOf } from './batches.ts';

/** A bar in plain words; what is left out is that of an ordinary closed bar. */
export interface PlainRow {
  readonly venue?: string;
  readonly symbol?: string;
  readonly spec?: string;
  readonly openTimeMs?: number;
  readonly closeTimeMs?: number;
  readonly barIndex?: number;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly close?: number;
  readonly volume?: number;
  readonly notional?: number;
  readonly buyVolume?: number;
  readonly sellVolume?: number;
  readonly trades?: number;
  readonly quality?: number;
  readonly state?: number;
  readonly revision?: number;
  readonly whole?: boolean;
  readonly position?: number;
  readonly again?: boolean;
}

export const plainRow: Required<PlainRow> = {
  venue: 'binance', symbol: 'BTC', spec: '1m', openTimeMs: 1_700_000_040_000, closeTimeMs: 1_700_000_100_000, barIndex: 0,
  open: 100, high: 102, low: 99, close: 101, volume: 5, notional: 505, buyVolume: 3, sellVolume: 2, trades: 7, quality: 0,
  state: 3, revision: 0, whole: true, position: 10, again: false,
};

export const specNames = ['1s', '1m', '5m'];
const limit = { deadlineMs: 30_000 };

/** A database with lanes, a sink on it, and batches that have its names. */
export class SinkRig {
  readonly names: RowNames;
  readonly database: Database;
  readonly url: string;
  readonly #sinks: TimescaleSink[] = [];

  constructor(database: Database, url: string, names: RowNames = { instruments: new InstrumentTable(), specNames }) {
    this.names = names;
    this.database = database;
    this.url = url;
  }

  /** Makes a lane known to the database, or gives it another generation there. */
  async register(lane: Lane): Promise<Lane> {
    await this.database.query(limit, `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time)
      VALUES ($1, $2, $3, 'log', false, now()) ON CONFLICT (name) DO UPDATE SET generation = excluded.generation`,
    [lane.name, lane.source, lane.generation]);
    return lane;
  }

  sink(options: Partial<TimescaleSinkOptions> = {}): TimescaleSink {
    const sink = new TimescaleSink({
      url: this.url, workers: 2, connectTimeoutMs: 10_000, deadlineMs: 20_000, names: this.names,
      nowMs: () => 1_750_000_000_000, ...options,
    });
    this.#sinks.push(sink);
    return sink;
  }

  batch(rows: readonly PlainRow[], lane: Lane = laneOf()): RowBatch {
    return { ...createRowBatch(lane, 0, 0, 1), bars: this.bars(rows) };
  }

  bars(rows: readonly PlainRow[]): BarColumns {
    const bars = new BarColumns(Math.max(1, rows.length));
    for (const plain of rows) this.#add(bars, { ...plainRow, ...plain });
    return bars;
  }

  async rows<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.database.query<R>(limit, text, values)).rows;
  }

  /** Statements one after the other, on one connection. */
  async use(...statements: readonly string[]): Promise<void> {
    await this.database.use(limit, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  }

  async count(table: string): Promise<number> {
    const [row] = await this.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
    return row.count;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#sinks.splice(0).map((sink) => sink.close()));
  }

  #add(bars: BarColumns, plain: Required<PlainRow>): void {
    const row = bars.add();
    bars.instrument[row] = this.names.instruments.intern(plain.venue, plain.symbol);
    bars.spec[row] = specNames.indexOf(plain.spec);
    bars.openTimeMs[row] = plain.openTimeMs;
    bars.closeTimeMs[row] = plain.closeTimeMs;
    bars.barIndex[row] = plain.barIndex;
    bars.open[row] = plain.open;
    bars.high[row] = plain.high;
    bars.low[row] = plain.low;
    bars.close[row] = plain.close;
    bars.volume[row] = plain.volume;
    bars.notional[row] = plain.notional;
    bars.buyVolume[row] = plain.buyVolume;
    bars.sellVolume[row] = plain.sellVolume;
    bars.trades[row] = plain.trades;
    bars.quality[row] = plain.quality;
    bars.state[row] = plain.state;
    bars.revision[row] = plain.revision;
    bars.whole[row] = plain.whole ? 1 : 0;
    bars.position[row] = plain.position;
    bars.again[row] = plain.again ? 1 : 0;
  }
}

/** Never fires. */
export const noAbort: AbortSignal = new AbortController().signal;

/** Plain rows that differ in symbol and time: `count` keys in no particular order. */
export function manyRows(count: number, overrides: PlainRow = {}): PlainRow[] {
  return Array.from({ length: count }, (_, index) => {
    const place = (index * 7_919) % count; // 7,919 is prime: every place once, scattered.
    const openTimeMs = 1_700_000_040_000 + Math.floor(place / 50) * 60_000;
    return {
      symbol: `S${place % 50}`, openTimeMs, closeTimeMs: openTimeMs + 60_000, trades: place, position: index, ...overrides,
    };
  });
}
