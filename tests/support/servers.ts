import { afterAll, beforeAll, describe } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/postgres.ts';
import { TestEmbedded } from './embedded.ts';
import { TestPostgres, whyNoPostgres } from './postgres.ts';

/** A server that a suite runs on, the same suite on each. */
export interface TestServer {
  readonly name: string;
  readonly isTimescale: boolean;
  /** A database without our tables. On the embedded server the tables of the one before are dropped. */
  freshDatabase(): Promise<Database>;
  /** The same, with the tables of all migrations. */
  migratedDatabase(): Promise<Database>;
  /** Another pool on the database that `freshDatabase` gave last. */
  another(): Database;
  /** The URL of that database. */
  url(): string;
}

const limit = { deadlineMs: 60_000 };

/** Runs the suite on the embedded TimescaleDB and on the machine's PostgreSQL; says so where that one is missing. */
export function describeOnEachServer(title: string, suite: (server: TestServer) => void): void {
  describe(`${title} on the embedded TimescaleDB`, () => {
    let embedded: TestEmbedded;
    beforeAll(async () => {
      embedded = await TestEmbedded.start();
    });
    afterAll(() => embedded.dispose());
    suite(withMigrations({
      name: 'embedded', isTimescale: true,
      freshDatabase: async () => {
        const database = embedded.connect();
        await database.query(limit, dropOurs);
        return database;
      },
      another: () => embedded.connect(),
      url: () => embedded.url,
    }));
  });
  const why = whyNoPostgres();
  describe.skipIf(why !== null)(`${title} on PostgreSQL${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
    let postgres: TestPostgres;
    let name: string;
    beforeAll(async () => {
      postgres = await TestPostgres.start();
    });
    afterAll(() => postgres.dispose());
    suite(withMigrations({
      name: 'postgresql', isTimescale: false,
      freshDatabase: async () => {
        name = await postgres.createDatabase(false);
        return postgres.connect({ database: name });
      },
      another: () => postgres.connect({ database: name }),
      url: () => postgres.url({ database: name }),
    }));
  });
}

function withMigrations(server: Omit<TestServer, 'migratedDatabase'>): TestServer {
  return {
    ...server,
    migratedDatabase: async () => {
      const database = await server.freshDatabase();
      await migrate(database, limit);
      return database;
    },
  };
}

/** Everything in the schema public that no extension owns. */
const dropOurs = `
DO $$
DECLARE
  ours record;
BEGIN
  FOR ours IN
    SELECT format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass) AS statement
      FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure)
      FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  LOOP
    EXECUTE ours.statement;
  END LOOP;
END
$$`;
