import type { RowBatch } from '../../model/rows.ts';
import { escapeLiteral, type PoolClient } from '../../postgres.ts';
import type { RowNames } from '../set-aside.ts';
import { writeSideTables } from './side-tables.ts';
import { writeBars } from './write-bars.ts';
import { IndicatorWriter } from './write-indicators.ts';

/** `outdated`: the stored row has seen more, or as much. `refused`: the bar belongs to another lane. */
export type Rewritten =
  | { readonly kind: 'written' | 'outdated' }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Writes a batch of one row inside the caller's transaction, by the guarded upsert, then asks the fence. From then on
 * nobody can take the lane up before the transaction has ended. Rejects with what the database says of the row or, with
 * SQLSTATE MD001, of its lane.
 */
export async function rewriteRow(
  client: PoolClient, batch: RowBatch, { names, nowMs }: { readonly names: RowNames; readonly nowMs: number },
): Promise<Rewritten> {
  const upsert = batch.bars.length === 0 ? null : { rows: Int32Array.of(0), payload: null };
  const { outdated, setAside } = await writeBars({
    client, batch, names, nowMs, plan: { direct: null, upsert }, step: 'begin',
  });
  const outdatedValues = await new IndicatorWriter(names).write(client, batch);
  const outdatedBesides = await writeSideTables(client, batch, names.instruments);
  await client.query(fenceOf(batch));
  const [refusal] = setAside;
  if (refusal !== undefined) return { kind: 'refused', message: refusal.message };
  return { kind: outdated + outdatedValues + outdatedBesides > 0 ? 'outdated' : 'written' };
}

/** Fails when a newer generation of the lane exists; holds the lane until the transaction ends. */
function fenceOf({ lane }: RowBatch): string {
  return `SELECT mdp_fence(ARRAY[${escapeLiteral(lane.name)}], ARRAY[${lane.generation}]::bigint[])`;
}
