import type { Clock } from '../model/clock.ts';
import type { Database, Limit } from '../postgres.ts';
import type { StoreAges } from './ages.ts';
import type { ServerKind } from './detect-server.ts';
import { growingTableNames, isHypertable, type GrowingTable } from './hypertable.ts';
import { deleteOldRows } from './side-tables.ts';
import { asking } from './store-error.ts';
import { instruments } from './symbols.ts';

export interface MaintenanceReport {
  readonly chunksCompressed: number;
  readonly chunksDropped: number;
  readonly rowsDeleted: number;
}

export interface MaintenanceParts {
  readonly database: Database;
  readonly server: ServerKind;
  readonly ages: StoreAges;
  /** How long one statement may take; compressing a chunk is one. */
  readonly statementDeadlineMs: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Bars of this process's lanes that close later may still change: they are not touched. Null while none is known. */
  readonly settledUntilMs: () => number | null;
  readonly onRound: (report: MaintenanceReport) => void;
  /** A round failed; the next one comes after the interval. */
  readonly onFailure: (error: unknown) => void;
}

interface OldRows {
  readonly table: GrowingTable;
  readonly spec: string;
  readonly keepMs: number;
  readonly hasChunks: boolean;
}

interface Slice {
  readonly where: string;
  readonly values: readonly unknown[];
}

interface Chunk {
  readonly chunk: string; // Quoted, with its schema.
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Compression and retention by this process, in rounds: the same on every server, also where TimescaleDB has no
 * background workers, and bounded by what the lanes say is settled, which the server's own policies cannot know.
 * Any number of processes may do it at once.
 */
export class StoreMaintenance {
  readonly #parts: MaintenanceParts;
  /** By table and spec, up to where rows have been deleted by an earlier round: older chunks are not read again. */
  readonly #deletedUntilMs = new Map<string, number>();

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /** Whether there is anything to do at all. */
  get isNeeded(): boolean {
    const { ages, server } = this.#parts;
    const keeps = ages.keepAllMs !== null || ages.keepMs.size > 0 || ages.keepSideMs.size > 0;
    return keeps || (ages.compressAfterMs !== null && server.compression);
  }

  /** Rounds until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    const { clock, intervalMs, onRound, onFailure } = this.#parts;
    while (this.isNeeded && !abort.aborted) {
      await this.round(abort).then(onRound, (error: unknown) => { if (!abort.aborted) onFailure(error); });
      await clock.wait(intervalMs, abort);
    }
  }

  async round(abort: AbortSignal): Promise<MaintenanceReport> {
    const limit = { deadlineMs: this.#parts.statementDeadlineMs, abort };
    const total = { chunksCompressed: 0, chunksDropped: 0, rowsDeleted: 0 };
    for (const table of growingTableNames) {
      const done = await asking(() => this.#tend(limit, table));
      total.chunksCompressed += done.chunksCompressed;
      total.chunksDropped += done.chunksDropped;
      total.rowsDeleted += done.rowsDeleted;
    }
    for (const [table, keepMs] of this.#parts.ages.keepSideMs) {
      const old = { table, untilMs: this.#cutoffMs(keepMs) };
      total.rowsDeleted += await asking(() => deleteOldRows(this.#parts.database, limit, old));
    }
    return total;
  }

  async #tend(limit: Limit, table: GrowingTable): Promise<MaintenanceReport> {
    const { ages, server, database } = this.#parts;
    const hasChunks = server.hypertable && (await isHypertable(database, limit, table));
    const chunksDropped = hasChunks && ages.keepAllMs !== null ? await this.#dropChunks(limit, table, ages.keepAllMs) : 0;
    const byRow = ages.keepAllMs !== null && !hasChunks;
    const keep = byRow ? new Map([[everySpec, ages.keepAllMs], ...ages.keepMs]) : ages.keepMs;
    let rowsDeleted = 0;
    for (const [spec, keepMs] of keep) rowsDeleted += await this.#deleteOld(limit, { table, spec, keepMs, hasChunks });
    const chunksCompressed = hasChunks ? await this.#compress(limit, table) : 0;
    return { chunksCompressed, chunksDropped, rowsDeleted };
  }

  /** What closed at or before this time may be compressed or deleted at this age. */
  #cutoffMs(ageMs: number): number {
    const { clock, settledUntilMs } = this.#parts;
    return Math.min(clock.nowMs() - ageMs, settledUntilMs() ?? Infinity);
  }

  /** Chunks hold open times; every bar of a dropped one has closed early enough. */
  async #dropChunks(limit: Limit, table: GrowingTable, keepMs: number): Promise<number> {
    const olderThan = new Date(this.#cutoffMs(keepMs) - longestBarMs).toISOString();
    const { rowCount } = await this.#parts.database.query(
      limit, 'SELECT drop_chunks($1::regclass, older_than => $2::timestamptz)', [table, olderThan]);
    return rowCount ?? 0;
  }

  async #compress(limit: Limit, table: GrowingTable): Promise<number> {
    const { ages: { compressAfterMs }, server, database } = this.#parts;
    if (compressAfterMs === null || !server.compression) return 0;
    const untilMs = this.#cutoffMs(compressAfterMs);
    // Bits of the status: 2 unordered, 8 partial; an upsert into a compressed chunk leaves both.
    const chunks = await this.#chunks(limit, table, 'NOT is_compressed OR status & 10 <> 0');
    const due = chunks.filter(({ endMs }) => endMs <= untilMs);
    for (const { chunk } of due) await database.query(limit, 'SELECT compress_chunk($1::regclass, true)', [chunk]);
    return due.length;
  }

  async #deleteOld(limit: Limit, old: OldRows): Promise<number> {
    const { table } = old;
    const done = `${table} ${old.spec}`;
    const fromMs = this.#deletedUntilMs.get(done) ?? -Infinity;
    const untilMs = this.#cutoffMs(old.keepMs);
    const slices = old.hasChunks
      ? await this.#byChunk(limit, table, { fromMs, untilMs }) : await this.#byInstrument(limit);
    const until = new Date(untilMs).toISOString();
    let deleted = 0;
    for (const { where, values } of slices) {
      const spec = old.spec === everySpec ? '' : `AND bar_spec = $${values.length + 2}`;
      const { rowCount } = await this.#parts.database.query(
        limit, `DELETE FROM ${table} WHERE close_time <= $1 AND ${where} ${spec}`,
        [until, ...values, ...(old.spec === everySpec ? [] : [old.spec])]);
      deleted += rowCount ?? 0;
    }
    this.#deletedUntilMs.set(done, untilMs);
    return deleted;
  }

  /** Each chunk is read once to the end; after that only those that have come of age since. */
  async #byChunk(
    limit: Limit, table: GrowingTable, range: { readonly fromMs: number; readonly untilMs: number },
  ): Promise<Slice[]> {
    const chunks = await this.#chunks(limit, table, 'true');
    return chunks
      .filter(({ startMs, endMs }) => startMs < range.untilMs && endMs + longestBarMs > range.fromMs)
      .map(({ startMs, endMs }) => ({
        where: 'open_time >= $2 AND open_time < $3',
        values: [new Date(startMs).toISOString(), new Date(endMs).toISOString()],
      }));
  }

  /** Without chunks the key leads to the rows: by instrument. */
  async #byInstrument(limit: Limit): Promise<Slice[]> {
    const found = await Array.fromAsync(instruments(this.#parts.database, limit));
    return found.map(({ venue, symbol }) => ({ where: 'venue = $2 AND symbol = $3', values: [venue, symbol] }));
  }

  async #chunks(limit: Limit, table: GrowingTable, condition: string): Promise<Chunk[]> {
    const { rows } = await this.#parts.database.query<Chunk>(limit, `
      SELECT chunk, (extract(epoch FROM range_start) * 1000)::double precision AS "startMs",
             (extract(epoch FROM range_end) * 1000)::double precision AS "endMs"
        FROM (SELECT *, format('%I.%I', chunk_schema, chunk_name) AS chunk,
                     _timescaledb_functions.chunk_status(format('%I.%I', chunk_schema, chunk_name)::regclass) AS status
                FROM timescaledb_information.chunks
               WHERE hypertable_name = $1 AND hypertable_schema = current_schema()) AS chunks
       WHERE ${condition}
       ORDER BY range_start`, [table]);
    return rows;
  }
}

/** Stands for all specs in the list of those to delete. */
const everySpec = '';
/** The longest bar spec is a week, and a local week may have an hour more. */
const longestBarMs = 7 * 86_400_000 + 3_600_000;
