import { messageOf } from '../../errors.ts';
import { failPoint } from '../../fail-points.ts';
import type { Lane } from '../../model/lane.ts';
import { rowCount, type RowBatch } from '../../model/rows.ts';
import {
  ConnectionRefused, Database, escapeLiteral, faultOf, isFatal, sqlStateOf, type PoolClient,
} from '../../postgres.ts';
import type { RowNames } from '../set-aside.ts';
import { SinkError, type Sink, type SinkFailure, type WriteResult } from '../sink.ts';
import { BarPlanner, type BarPlan } from './bar-plan.ts';
import { writeDeadLetters, writeSideTables } from './side-tables.ts';
import { missingPrivileges } from './sql/privileges.ts';
import { prepareStaging, writeBars, type Transaction } from './write-bars.ts';
import { IndicatorWriter } from './write-indicators.ts';

export interface TimescaleSinkOptions {
  readonly url: string;
  readonly workers: number;
  readonly connectTimeoutMs: number;
  /** Longest time for one write, ms. */
  readonly deadlineMs: number;
  readonly names: RowNames;
  /** Ms since 1970 UTC: when a row was set aside. */
  readonly nowMs: () => number;
}

/** A server that is alive gives a statement up in good order before our deadline cuts the connection. */
const statementShare = 0.75;
/** A batch that the server cancels this often is split: it may be too much for the time that a statement has. */
const cancellationsMax = 3;

/**
 * Writes the rows of a batch in one transaction, whose last statement before COMMIT is the fence. Rows that are known
 * to be new go straight into the table, others by an upsert that the stamp guards.
 */
export class TimescaleSink implements Sink {
  readonly name = 'timescale';
  readonly #options: TimescaleSinkOptions;
  readonly #database: Database;
  readonly #planner: BarPlanner;
  readonly #indicators: IndicatorWriter;
  /** Lanes whose new rows were not new after all. */
  readonly #lanesOnUpsert = new Set<string>();
  readonly #cancellations = new WeakMap<RowBatch, number>();

  constructor(options: TimescaleSinkOptions) {
    this.#options = options;
    this.#planner = new BarPlanner(options.names, options.workers);
    this.#indicators = new IndicatorWriter(options.names);
    this.#database = new Database({
      url: options.url, applicationName: 'mdp sink', clientsMax: options.workers,
      connectTimeoutMs: options.connectTimeoutMs, statementTimeoutMs: options.deadlineMs * statementShare,
      idleInTransactionTimeoutMs: options.deadlineMs,
    });
  }

  async open(abort: AbortSignal): Promise<void> {
    const limit = { deadlineMs: this.#options.deadlineMs, abort };
    const asked = this.#database.query<{ missing: string }>(limit, missingPrivileges);
    const missing = await asked.catch((error: unknown) => {
      throw this.#failureOf(error, null);
    });
    if (missing.rows.length === 0) return;
    const list = missing.rows.map((row) => row.missing).join(', ');
    throw new SinkError({ kind: 'misconfigured' },
      `The user of store.url (DATABASE_URL) lacks rights: ${list}. Grant them, and start again.`);
  }

  async write(batch: RowBatch, abort: AbortSignal): Promise<WriteResult> {
    const plan = this.#planner.plan(batch, this.#lanesOnUpsert.has(laneKey(batch)));
    try {
      return await this.#attempt(batch, plan, abort);
    } catch (error) {
      if (!(error instanceof RowsKnown)) throw error;
      this.#lanesOnUpsert.add(laneKey(batch));
      return { ...await this.#attempt(batch, this.#planner.plan(batch, true), abort), fellBack: true };
    }
  }

  /** The lane's new rows are taken to be new again: its checkpoint has passed what was stored. */
  checkpointed(lane: Lane): void {
    this.#lanesOnUpsert.delete(`${lane.name} ${lane.generation}`);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** What cannot be split any more is written without the bound that it was too large for. */
  async #attempt(batch: RowBatch, plan: BarPlan, abort: AbortSignal): Promise<WriteResult> {
    try {
      return await this.#attemptWithin('the limit', { batch, plan, abort });
    } catch (error) {
      const isTooLarge = error instanceof SinkError && error.failure.kind === 'too-large';
      if (!isTooLarge || rowCount(batch) > 1) throw error;
      return this.#attemptWithin('no limit', { batch, plan, abort });
    }
  }

  async #attemptWithin(unpacking: 'the limit' | 'no limit', { batch, plan, abort }: Attempt): Promise<WriteResult> {
    let transaction: Transaction | null = null;
    try {
      const result = await this.#database.use({ deadlineMs: this.#options.deadlineMs, abort }, async (client) => {
        transaction = { client, batch, plan, names: this.#options.names, nowMs: this.#options.nowMs(), step: 'begin' };
        return writeTransaction(transaction, this.#indicators, unpacking);
      });
      this.#planner.done(batch);
      return result;
    } catch (error) {
      throw this.#failureOf(error, transaction);
    }
  }

  #failureOf(error: unknown, transaction: Transaction | null): Error {
    if (error instanceof SinkError) return error;
    const fault = faultOf(error);
    if (fault.sqlState === '23505' && transaction?.step === 'copy-direct') return new RowsKnown();
    const failure = this.#kindOf(error, transaction);
    const advice = error instanceof ConnectionRefused || fault.sqlState !== null || fault.action !== 'stop'
      ? fault.message : `The sink failed: ${messageOf(error)}`;
    return new SinkError(failure, advice, error);
  }

  #kindOf(error: unknown, transaction: Transaction | null): SinkFailure {
    const { action, copyRow } = faultOf(error);
    if (action === 'retry' || action === 'reconnect') return this.#retryKind(error, transaction);
    if (action === 'split') return { kind: 'too-large' };
    if (action === 'set-aside') return badRow(transaction, copyRow);
    return action === 'lane-lost' && transaction !== null
      ? { kind: 'lane-lost', lane: transaction.batch.lane }
      : { kind: 'misconfigured' };
  }

  #retryKind(error: unknown, transaction: Transaction | null): SinkFailure {
    if (transaction === null) return { kind: 'unavailable' };
    const { batch, step } = transaction;
    // With COMMIT on its way only an error that leaves the session alive says for sure that nothing was written.
    if (step === 'commit' && (sqlStateOf(error) === null || sqlStateOf(error) === '57014' || isFatal(error))) {
      batch.bars.again.fill(1, 0, batch.bars.length);
      this.#planner.plan(batch, true);
      return { kind: 'unknown' };
    }
    if (sqlStateOf(error) !== '57014') return { kind: 'unavailable' };
    const cancellations = (this.#cancellations.get(batch) ?? 0) + 1;
    this.#cancellations.set(batch, cancellations);
    return cancellations < cancellationsMax || rowCount(batch) < 2 ? { kind: 'unavailable' } : { kind: 'too-large' };
  }
}

interface Attempt {
  readonly batch: RowBatch;
  readonly plan: BarPlan;
  readonly abort: AbortSignal;
}

/** Of compressed chunks all rows are unpacked that a statement asks for. Where there is no TimescaleDB it sets nothing. */
const unpackWithoutLimit = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`;

/** A row that came by plain COPY is stored already. */
class RowsKnown extends Error {
  override readonly name = 'RowsKnown';
}

async function writeTransaction(
  transaction: Transaction, indicators: IndicatorWriter, unpacking: 'the limit' | 'no limit',
): Promise<WriteResult> {
  const { client, batch, plan, names } = transaction;
  if (plan.upsert !== null && plan.upsert.payload !== null) await prepareStaging(client);
  await client.query('BEGIN');
  if (unpacking === 'no limit') await client.query(unpackWithoutLimit);
  const { outdated, setAside } = await writeBars(transaction);
  transaction.step = 'indicators';
  const outdatedValues = await indicators.write(client, batch);
  transaction.step = 'side-tables';
  const outdatedBesides = await writeSideTables(client, batch, names.instruments);
  if (setAside.length > 0) await writeDeadLetters(client, batch.lane, setAside);
  failPoint('before-commit');
  transaction.step = 'commit';
  await commit(client, batch);
  failPoint('after-commit');
  const direct = plan.direct?.rows.length ?? 0;
  const committed = rowCount(batch) - setAside.length;
  return { committed, outdated: outdated + outdatedValues + outdatedBesides, direct, setAside, fellBack: false };
}

/** The fence and COMMIT in one round trip: nobody can take the lane over in between without our knowing. */
async function commit(client: PoolClient, { lane }: RowBatch): Promise<void> {
  const fence = `mdp_fence(ARRAY[${escapeLiteral(lane.name)}], ARRAY[${lane.generation}]::bigint[])`;
  await client.query(`SELECT ${fence}; COMMIT`);
}

function badRow(transaction: Transaction | null, copyRow: number | null): SinkFailure {
  if (transaction === null || copyRow === null) return { kind: 'bad-row' };
  const { plan, step } = transaction;
  const rows = step === 'copy-direct' ? plan.direct?.rows : plan.upsert?.rows;
  const rowIndex = rows?.[copyRow - 1];
  return rowIndex === undefined ? { kind: 'bad-row' } : { kind: 'bad-row', rowIndex };
}

function laneKey({ lane }: RowBatch): string {
  return `${lane.name} ${lane.generation}`;
}
