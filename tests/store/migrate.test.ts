import { beforeAll, expect, it } from 'vitest';
import { migrate, requireSchema, schemaVersion } from '../../src/store/migrate.ts';
import type { Database } from '../../src/postgres.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 60_000 };

describeOnEachServer('migrations', (server) => {
  let database: Database;

  beforeAll(async () => {
    database = await server.freshDatabase();
  });

  it('a fresh database has no version, and commands that do not migrate say what to run', async () => {
    expect(await schemaVersion(database, limit)).toBe(0);
    await expect(requireSchema(database, limit)).rejects.toThrow(/has no tables of mdp. Run `mdp migrate`/);
  });

  it('two processes at once apply each migration once', async () => {
    const other = server.another();
    const reports = await Promise.all([migrate(database, limit), migrate(other, limit)]);
    const applied = reports.flatMap((report) => report.applied);
    expect(applied.toSorted()).toEqual(expect.arrayContaining(['0001_tables.sql']));
    expect(new Set(applied).size).toBe(applied.length);
    expect(reports.map((report) => report.to)).toEqual([applied.length, applied.length]);
    expect(await requireSchema(database, limit)).toBe(applied.length);
  });

  it('a second run changes nothing', async () => {
    const version = await schemaVersion(database, limit);
    expect(await migrate(database, limit)).toEqual({ from: version, to: version, applied: [] });
  });

  it('a schema of a newer version is refused and left alone', async () => {
    await database.query(limit, "INSERT INTO schema_version (version, name) VALUES (9999, '9999_future.sql')");
    await expect(migrate(database, limit)).rejects.toMatchObject({
      code: 'schema-unknown', message: expect.stringContaining('schema version 9999; this mdp knows versions up to'),
    });
    await expect(requireSchema(database, limit)).rejects.toMatchObject({ code: 'schema-unknown' });
    await database.query(limit, 'DELETE FROM schema_version WHERE version = 9999');
  });
});
