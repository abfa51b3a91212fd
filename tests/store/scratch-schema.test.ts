import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { dropLeftovers, ScratchSchema } from '../../src/store/scratch-schema.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const hour = 3_600_000;

describeOnEachServer('scratch schemas', (server) => {
  let database: Database;

  beforeEach(async () => {
    database = await server.freshDatabase();
    for (const name of await names()) await database.query(limit, `DROP SCHEMA ${name} CASCADE`);
  });

  async function names(): Promise<string[]> {
    const { rows } = await database.query<{ name: string }>(
      limit, "SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'mdp_verify%' ORDER BY 1");
    return rows.map(({ name }) => name);
  }

  const make = (key: string, pid = 1): Promise<ScratchSchema> => ScratchSchema.create({ database, limit }, key, { host: 'here', pid });
  const age = (schema: ScratchSchema, hours: number): Promise<unknown> =>
    database.query(limit, `UPDATE ${schema.name}.scratch_owner SET renewed_at = now() - ${hours} * interval '1 hour'`);

  it('are dropped with all that is in them', async () => {
    const schema = await make('a');
    await database.query(limit, `CREATE TABLE ${schema.name}.bars (x integer)`);
    await schema.drop();
    expect(await names()).toEqual([]);
    await schema.drop(); // Somebody else was faster.
  });

  it('of owners that are known to be gone are dropped, and no other', async () => {
    const [gone, alive] = [await make('gone', 1), await make('alive', 2)];
    expect(await dropLeftovers({ database, limit }, hour, ({ host, pid }) => host === 'here' && pid === 1)).toEqual([gone.name]);
    expect(await names()).toEqual([alive.name]);
  });

  it('whose lease has run out are dropped, whoever their owner is; one that was renewed stays', async () => {
    const [old, renewed, young] = [await make('old'), await make('renewed'), await make('young')];
    for (const schema of [old, renewed]) await age(schema, 2);
    await age(young, 0.9);
    await renewed.renew();
    expect(await dropLeftovers({ database, limit }, hour, () => false)).toEqual([old.name]);
    expect(await names()).toEqual([renewed.name, young.name]);
  });

  it('are told from those of somebody else by what is in them', async () => {
    await database.query(limit, 'CREATE SCHEMA mdp_verify_theirs');
    await database.query(limit, 'CREATE SCHEMA mdp_verify_empty');
    await database.query(limit, 'CREATE TABLE mdp_verify_empty.scratch_owner (host text, pid bigint, renewed_at timestamptz)');
    expect(await dropLeftovers({ database, limit }, hour, () => true)).toEqual([]);
    expect(await names()).toEqual(['mdp_verify_empty', 'mdp_verify_theirs']);
  });
});

describe('the URL of a scratch schema', () => {
  it('leads there, and keeps what it says besides', async () => {
    const schema = await ScratchSchema.create(
      { database: nobody, limit }, 'a', { host: 'here', pid: 1 });
    expect(schema.urlIn('postgres://u:p%40@h:1/d?sslmode=require&options=-c%20work_mem=1MB')).toBe(
      'postgres://u:p%40@h:1/d?sslmode=require&options=-c+work_mem%3D1MB+-c+search_path%3Dmdp_verify_a');
    expect(new URL(schema.urlIn('postgres://h/d')).searchParams.get('options')).toBe('-c search_path=mdp_verify_a');
  });
});

const nobody = { use: () => Promise.resolve() } as unknown as Database;
