import { failPoint } from '../../fail-points.ts';
import type { DeadLetter, RowBatch } from '../../model/rows.ts';
import { copyIn, type PoolClient } from '../../postgres.ts';
import { letterOfRow, type RowNames } from '../set-aside.ts';
import { keyArrays, valueArrays } from './arrays.ts';
import type { BarPlan } from './bar-plan.ts';
import {
  copyDirect, copyStaged, createStaging, otherLaneFound, otherLaneRows, upsertFew, upsertStaged,
} from './sql/bars.ts';

/** One transaction on its way. An error means different things at different steps. */
export interface Transaction {
  readonly client: PoolClient;
  readonly batch: RowBatch;
  readonly plan: BarPlan;
  readonly names: RowNames;
  readonly nowMs: number;
  step: 'begin' | 'copy-direct' | 'copy-staged' | 'upsert' | 'indicators' | 'side-tables' | 'commit';
}

export interface BarsWritten {
  readonly outdated: number;
  /** Rows that another lane owns. */
  readonly setAside: readonly DeadLetter[];
}

/** Connections that have their staging table already. */
const staged = new WeakSet<PoolClient>();

/** Called outside of any transaction: a rollback would take the table away again. */
export async function prepareStaging(client: PoolClient): Promise<void> {
  if (staged.has(client)) return;
  await client.query(createStaging);
  staged.add(client);
}

/** Writes the bars of a batch as its plan says, inside the transaction. */
export async function writeBars(transaction: Transaction): Promise<BarsWritten> {
  const { client, plan } = transaction;
  if (plan.direct !== null) {
    transaction.step = 'copy-direct';
    await copyIn(client, copyDirect, plan.direct.payload);
    failPoint('after-copy');
  }
  if (plan.upsert === null) return { outdated: 0, setAside: [] };
  const written = plan.upsert.payload === null
    ? await upsertArrays(transaction, plan.upsert.rows)
    : await upsertCopied(transaction, plan.upsert.payload);
  const left = plan.upsert.rows.length - written;
  // What was not written is older than the stored row, or that one belongs to another lane.
  const setAside = left === 0 ? [] : await findOtherLanes(transaction, plan.upsert.rows);
  return { outdated: left - setAside.length, setAside };
}

async function upsertArrays(transaction: Transaction, rows: Int32Array): Promise<number> {
  const { client, batch, names } = transaction;
  transaction.step = 'upsert';
  const result = await client.query(upsertFew, [
    batch.lane.name, batch.lane.generation, ...keyArrays(batch.bars, rows, names), ...valueArrays(batch.bars, rows),
  ]);
  failPoint('after-copy');
  return result.rowCount ?? 0;
}

async function upsertCopied(transaction: Transaction, payload: Buffer): Promise<number> {
  transaction.step = 'copy-staged';
  await copyIn(transaction.client, copyStaged, payload);
  failPoint('after-copy');
  transaction.step = 'upsert';
  const result = await transaction.client.query(upsertStaged);
  return result.rowCount ?? 0;
}

/** The guard has locked every row that it met, so that what it saw is still there. */
async function findOtherLanes({ client, batch, names, nowMs }: Transaction, rows: Int32Array): Promise<DeadLetter[]> {
  const flag = await client.query<{ found: boolean }>(otherLaneFound);
  if (!flag.rows.some((row) => row.found)) return [];
  const keys = keyArrays(batch.bars, rows, names);
  const found = await client.query<{ place: number; lane: string }>(otherLaneRows, [batch.lane.name, ...keys]);
  return found.rows.map(({ place, lane }) => letterOfRow(batch, rows[place - 1], names, {
    reason: 'other-lane', atMs: nowMs,
    message: `The table has this bar from lane ${lane}: lane ${batch.lane.name} must not write it. ` +
      'An instrument belongs to one lane from an event time on; correct the sources in the configuration.',
  }));
}
