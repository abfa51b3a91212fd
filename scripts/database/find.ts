import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../src/config.ts';

/** Throws an Error that says how to start the embedded database when it does not run. */
export function databaseUrl(): string {
  const { config } = loadConfig({ file: existsSync('config.yaml') ? 'config.yaml' : null });
  if (config.store.url !== '') return config.store.url;
  const file = path.join(config.embedded.data_dir, 'embedded.json');
  try {
    const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
    process.kill(pid, 0);
    return url;
  } catch {
    throw new Error(`The embedded TimescaleDB does not run (${file} names no living process). Start it with ./scripts/dev.sh run`);
  }
}
