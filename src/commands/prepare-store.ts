import type { Config } from '../config.ts';
import type { StoreStatus } from '../model/status.ts';
import { requireAges } from '../store/ages.ts';
import { detectServer } from '../store/detect-server.ts';
import { prepareBars } from '../store/hypertable.ts';
import { migrate } from '../store/migrate.ts';
import type { Logger } from '../telemetry/logger.ts';
import { latenessOf } from './housekeeping.ts';
import type { OpenStore } from './store.ts';

/** Finds out what the server can do, brings the schema to this version, and makes `bars` what server and settings allow. */
export async function prepareStore(store: OpenStore, config: Config, log: Logger): Promise<StoreStatus> {
  const limit = { deadlineMs: config.store.statement_timeout_ms };
  const { server, sentence } = await detectServer(store.database, limit);
  log.info({}, sentence);
  const { from, to, applied } = await migrate(store.database, limit);
  if (applied.length > 0) log.info({ from, to, applied }, `The schema was brought from version ${from} to ${to}.`);
  const ages = requireAges(config.store, latenessOf(config));
  for (const note of await prepareBars(store.database, limit, { server, ages })) log.warn({}, note);
  return { ...server, embedded: store.embedded !== null, schemaVersion: to };
}
