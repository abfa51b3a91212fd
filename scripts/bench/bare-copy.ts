/** What the bare server takes: the rows that a database holds, by binary COPY into a table like theirs. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { copyIn } from '../../src/postgres.ts';
import type { TestPostgres } from '../../tests/support/postgres.ts';

/** One was measured to be slower by a third, and four are no faster than three. */
export const copiers = 3;
const limit = { deadlineMs: 600_000 };

/** The rows of `bars` of `from`, each connection with the symbols that are its own; encoding them is not counted. */
export async function copyBare(postgres: TestPostgres, from: string): Promise<{ rows: number; seconds: number }> {
  const target = postgres.connect({ database: await postgres.createDatabase() });
  const slices = await slicesOf(postgres, from);
  try {
    const startedAtMs = performance.now();
    const copied = await Promise.all(slices.map((slice) => target.use(limit, (client) => {
      return copyIn(client, 'COPY bars FROM STDIN (FORMAT binary)', slice);
    })));
    return { rows: copied.reduce((sum, rows) => sum + rows, 0), seconds: (performance.now() - startedAtMs) / 1_000 };
  } finally {
    await target.query(limit, 'TRUNCATE bars');
    await target.close();
  }
}

async function slicesOf(postgres: TestPostgres, from: string): Promise<readonly Buffer[]> {
  const source = postgres.connect({ database: from });
  const folder = await mkdtemp(path.join(tmpdir(), 'mdp-bare-copy-'));
  await chmod(folder, 0o777); // The server writes here, and may be another user.
  try {
    const slices: Buffer[] = [];
    for (let slice = 0; slice < copiers; slice++) {
      const file = path.join(folder, String(slice));
      const rows = `SELECT * FROM bars WHERE abs(hashtext(symbol)::bigint) % ${copiers} = ${slice} ORDER BY open_time`;
      await source.query(limit, `COPY (${rows}) TO '${file}' (FORMAT binary)`);
      slices.push(await readFile(file));
    }
    return slices;
  } finally {
    await source.close();
    await rm(folder, { recursive: true });
  }
}
