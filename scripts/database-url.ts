/** Prints the URL of the database that this configuration uses: `store.url`, or the embedded TimescaleDB while it runs. */
import { databaseUrl } from './database/find.ts';

try {
  console.log(databaseUrl());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 3;
}
