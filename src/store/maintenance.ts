import type { Clock } from '../model/clock.ts';
import type { Database, Limit } from '../postgres.ts';
import type { StoreAges } from './ages.ts';
import type { ServerKind } from './detect-server.ts';
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
  /** Per spec, up to where rows have been deleted by an earlier round: older chunks are not read again. */
  readonly #deletedUntilMs = new Map<string, number>();

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /** Whether there is anything to do at all. */
  get isNeeded(): boolean {
    const { ages, server } = this.#parts;
    return (ages.compressAfterMs !== null && server.compression) || ages.keepAllMs !== null || ages.keepMs.size > 0;
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
    const { ages } = this.#parts;
    const limit = { deadlineMs: this.#parts.statementDeadlineMs, abort };
    return asking(async () => {
      const isHypertable = this.#parts.server.hypertable && (await this.#isHypertable(limit));
      const chunksDropped = isHypertable && ages.keepAllMs !== null ? await this.#dropChunks(limit, ages.keepAllMs) : 0;
      const byRow = ages.keepAllMs !== null && !isHypertable;
      const keep = byRow ? new Map([[everySpec, ages.keepAllMs], ...ages.keepMs]) : ages.keepMs;
      let rowsDeleted = 0;
      for (const [spec, keepMs] of keep) rowsDeleted += await this.#deleteOld(limit, { spec, keepMs, isHypertable });
      const chunksCompressed = isHypertable ? await this.#compress(limit) : 0;
      return { chunksCompressed, chunksDropped, rowsDeleted };
    });
  }

  /** What closed at or before this time may be compressed or deleted at this age. */
  #cutoffMs(ageMs: number): number {
    const { clock, settledUntilMs } = this.#parts;
    return Math.min(clock.nowMs() - ageMs, settledUntilMs() ?? Infinity);
  }

  async #isHypertable(limit: Limit): Promise<boolean> {
    const { rowCount } = await this.#parts.database.query(limit, `
      SELECT FROM timescaledb_information.hypertables
       WHERE hypertable_name = 'bars' AND hypertable_schema = current_schema()`);
    return rowCount === 1;
  }

  /** Chunks hold open times; every bar of a dropped one has closed early enough. */
  async #dropChunks(limit: Limit, keepMs: number): Promise<number> {
    const olderThan = new Date(this.#cutoffMs(keepMs) - longestBarMs).toISOString();
    const { rowCount } = await this.#parts.database.query(
      limit, "SELECT drop_chunks('bars', older_than => $1::timestamptz)", [olderThan]);
    return rowCount ?? 0;
  }

  async #compress(limit: Limit): Promise<number> {
    const { ages: { compressAfterMs }, server, database } = this.#parts;
    if (compressAfterMs === null || !server.compression) return 0;
    const untilMs = this.#cutoffMs(compressAfterMs);
    // Bits of the status: 2 unordered, 8 partial; an upsert into a compressed chunk leaves both.
    const chunks = await this.#chunks(limit, 'NOT is_compressed OR status & 10 <> 0');
    const due = chunks.filter(({ endMs }) => endMs <= untilMs);
    for (const { chunk } of due) await database.query(limit, 'SELECT compress_chunk($1::regclass, true)', [chunk]);
    return due.length;
  }

  async #deleteOld(
    limit: Limit, old: { readonly spec: string; readonly keepMs: number; readonly isHypertable: boolean },
  ): Promise<number> {
    const fromMs = this.#deletedUntilMs.get(old.spec) ?? -Infinity;
    const untilMs = this.#cutoffMs(old.keepMs);
    const slices = old.isHypertable ? await this.#byChunk(limit, { fromMs, untilMs }) : await this.#byInstrument(limit);
    const until = new Date(untilMs).toISOString();
    let deleted = 0;
    for (const { where, values } of slices) {
      const spec = old.spec === everySpec ? '' : `AND bar_spec = $${values.length + 2}`;
      const { rowCount } = await this.#parts.database.query(
        limit, `DELETE FROM bars WHERE close_time <= $1 AND ${where} ${spec}`,
        [until, ...values, ...(old.spec === everySpec ? [] : [old.spec])]);
      deleted += rowCount ?? 0;
    }
    this.#deletedUntilMs.set(old.spec, untilMs);
    return deleted;
  }

  /** Each chunk is read once to the end; after that only those that have come of age since. */
  async #byChunk(limit: Limit, range: { readonly fromMs: number; readonly untilMs: number }): Promise<Slice[]> {
    const chunks = await this.#chunks(limit, 'true');
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

  async #chunks(limit: Limit, condition: string): Promise<Chunk[]> {
    const { rows } = await this.#parts.database.query<Chunk>(limit, `
      SELECT chunk, (extract(epoch FROM range_start) * 1000)::double precision AS "startMs",
             (extract(epoch FROM range_end) * 1000)::double precision AS "endMs"
        FROM (SELECT *, format('%I.%I', chunk_schema, chunk_name) AS chunk,
                     _timescaledb_functions.chunk_status(format('%I.%I', chunk_schema, chunk_name)::regclass) AS status
                FROM timescaledb_information.chunks
               WHERE hypertable_name = 'bars' AND hypertable_schema = current_schema()) AS chunks
       WHERE ${condition}
       ORDER BY range_start`);
    return rows;
  }
}

/** Stands for all specs in the list of those to delete. */
const everySpec = '';
/** The longest bar spec is a week, and a local week may have an hour more. */
const longestBarMs = 7 * 86_400_000 + 3_600_000;
