import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultOf } from '../src/postgres.ts';
import { TestPostgres } from './support/postgres.ts';

describe('a connection that the server ends between two statements', () => {
  let postgres: TestPostgres;
  beforeAll(async () => { postgres = await TestPostgres.start(); });
  afterAll(() => postgres.dispose());

  it('is lost, and its work is to be tried again: it is no reason to stop', async () => {
    const database = postgres.connect();
    const limit = { deadlineMs: 20_000 };
    const failure: unknown = await database.use(limit, async (client) => {
      await client.query('BEGIN');
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const sentAway = once(client, 'error');
      await postgres.connect().query(limit, 'SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await sentAway;
      await client.query('SELECT 1'); // pg refuses it, although the socket is still open.
    }).then(() => null, (error: unknown) => error);
    expect(faultOf(failure).action, String(failure)).toBe('retry');
    const again = await database.query<{ one: number }>(limit, 'SELECT 1 AS one');
    expect(again.rows).toEqual([{ one: 1 }]);
  });
});
