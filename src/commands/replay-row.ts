import { rowOfLetter, UnreadableRow, type LetterRow } from '../dead-letters/row-of-letter.ts';
import type { StoredLetter } from '../model/dead-letter.ts';
import type { PoolClient } from '../postgres.ts';
import { rewriteRow } from '../sinks/timescale/rewrite-row.ts';
import type { Attempt } from '../store/dead-letters.ts';

/**
 * Writes the row of a letter again, in the transaction that takes the letter away. The guard lets it replace only what has
 * seen less, the fence lets it in only while its generation is the lane's. Rejects with what the database refuses.
 */
export async function replayRow(letter: StoredLetter, client: PoolClient, nowMs: number): Promise<Attempt> {
  let row: LetterRow;
  try {
    row = rowOfLetter(letter);
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    return { kind: 'unfit', message: `This version of mdp cannot read it: ${error.message}.` };
  }
  const rewritten = await rewriteRow(client, row.batch, { names: row.names, nowMs });
  switch (rewritten.kind) {
    case 'written': return { kind: 'done', note: 'the row is in the table' };
    case 'outdated': return { kind: 'done', note: 'the table has a row of this key that has seen as much or more' };
    case 'refused': return rewritten;
  }
}
