import { loadConfig } from '../config.ts';
import { createLogger } from '../telemetry/logger.ts';
import { audited } from './audited.ts';
import { prepareStore } from './prepare-store.ts';
import { openStore } from './store.ts';

/** `mdp migrate`: brings the schema of the database to this version. Throws an MdpError. */
export async function migrateStore(options: {
  readonly file: string; readonly config: readonly string[]; readonly set: readonly string[];
}): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const store = await openStore(config, log, true);
  try {
    const { schemaVersion, serverVersion } =
      await audited(log, { command: 'migrate' }, () => prepareStore(store, config, log));
    process.stdout.write(`schema version ${schemaVersion} on ${serverVersion}\n`);
  } finally {
    await store.close();
  }
}
