import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../src/config.ts';
import { MdpError } from '../../src/errors.ts';

/** A directory of a test file's own, gone at its end. */
export function temporaryFiles(): (name: string, content: string | Uint8Array) => string {
  const directory = mkdtempSync(join(tmpdir(), 'mdp-config-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  return (name, content) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
}

type Given = Partial<Parameters<typeof loadConfig>[0]>;

/** Loads with nothing around it: no file and no environment but what is given. */
export function load(given: Given = {}): LoadedConfig {
  return loadConfig({ file: null, environment: {}, ...given });
}

/** The lines of the error that such a load ends with; none when it does not. */
export function faultsOf(given: Given): string[] {
  try {
    load(given);
    return [];
  } catch (error) {
    if (!(error instanceof MdpError) || error.code !== 'config-invalid') throw error;
    return error.message.split('\n').slice(1).map((line) => line.trim());
  }
}

/** The value at a path of a plain object: `sink.retry.base_ms`. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) =>
    typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined, value);
}
