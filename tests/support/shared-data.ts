import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Recorded market data beside the repository, which a stranger's machine does not have. MDP_SHARED says where
 * else.
 */
const sharedPath = resolve(process.env['MDP_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'));

/** A folder of recorded data, or null where it is absent: then says loudly what is left out. */
export function sharedData(folder: string, leftOut: string): string | null {
  const path = resolve(sharedPath, 'data', folder);
  if (existsSync(path)) return path;
  process.stderr.write(`\n  LEFT OUT: ${leftOut}: there is no ${path} (MDP_SHARED says where it is).\n\n`);
  return null;
}
