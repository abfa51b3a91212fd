import { randomBytes } from 'node:crypto';
import { settingsTree, sourceKinds } from '../../src/config/schema.ts';
import { isSecret, leavesOf } from '../../src/config/tree.ts';

/** One secret setting, and the text in it that must never be seen again. */
export interface Planted {
  readonly path: string;
  /** Where the environment names it. */
  readonly variable: string;
  /** The secret: its core, between characters that a URL or JSON would write otherwise. */
  readonly value: string;
  /** Stands in every form of it. */
  readonly core: string;
}

/** The name of the source, of type kafka, whose secrets are planted. */
export const sourceName = 'ticks';

/** Of every setting that the schema calls secret: whoever adds one has it here. */
export function plantSecrets(): readonly Planted[] {
  const ofProgram = leavesOf(settingsTree).filter(({ setting }) => isSecret(setting)).map(({ path }) => path);
  const ofSources = Object.values(sourceKinds).flatMap(({ settings }) => Object.entries(settings))
    .filter(([, setting]) => isSecret(setting)).map(([key]) => `sources.${sourceName}.${key}`);
  return [...ofProgram, ...new Set(ofSources)].map((path) => {
    const core = `k4n4ry${randomBytes(8).toString('hex')}`;
    const variable = `PIPELINE_${path.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    return { path, variable, core, value: `p/${core}+"x y%20` };
  });
}

/** As a database URL takes it. */
export function databaseUrl({ value }: Planted, port: number, user = 'locked'): string {
  return `postgres://${user}:${encodeURIComponent(value)}@127.0.0.1:${port}/postgres`;
}

/** Which secrets stand in a text, by their settings: none may. */
export function seenIn(text: string, planted: readonly Planted[]): readonly string[] {
  return planted.filter(({ core, value }) => text.includes(core) || text.includes(Buffer.from(value).toString('base64').slice(0, 20)))
    .map(({ path }) => path);
}
