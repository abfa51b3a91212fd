import type { PacingSettings } from '../pacing/token-bucket.ts';
import { compose } from './compose.ts';
import type { Assignment, Origin } from './fault.ts';
import { settingsTree } from './schema.ts';
import type { Config, SourceConfig } from './schema.ts';
import { leavesOfSource, sourcePrefix } from './source-entries.ts';
import type { SourceEntry } from './source-entries.ts';
import { isSecret } from './tree.ts';
import type { Leaf } from './tree.ts';

/**
 * The values as one frozen object. Faulty values are not among them: their defaults stand in, so that the rest
 * can be judged.
 */
export function build(
  effective: ReadonlyMap<string, Assignment>, entries: readonly SourceEntry[], leaves: readonly Leaf[],
): { config: Config; origins: Map<string, Origin> } {
  const origins = new Map<string, Origin>(
    leaves.map(({ path }) => [path, effective.get(path)?.origin ?? { kind: 'default' }]));
  const valuesUnder = (prefix: string): Map<string, unknown> => new Map([...effective.values()]
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, value }) => [path.slice(prefix.length), value]));
  const ofSources = entries.flatMap(leavesOfSource).map(({ path }) => path);
  const rootValues = valuesUnder('');
  for (const path of ofSources) rootValues.delete(path);
  const root = compose(settingsTree, rootValues);
  const sources = entries.map((entry) => {
    const own = compose(entry.kind.settings, valuesUnder(sourcePrefix(entry.name)));
    const values = { ...own, ...inherited(own, root.pacing.budget, { entry, origins }) };
    const source = { name: entry.name, type: entry.type, values };
    if (!isSourceConfig(source, entry)) throw new Error(`The source ${entry.name} was made of another type.`);
    return source;
  });
  return { config: deepFreeze({ ...root, sources }), origins };
}

/** The values were composed from the settings of this type. */
function isSourceConfig(
  source: { readonly name: string; readonly type: string; readonly values: object }, entry: SourceEntry,
): source is SourceConfig {
  return source.type === entry.type;
}

/** A source's own pacing where it is set, the pipeline's where it is not. */
function inherited(
  own: Readonly<Record<string, unknown>>,
  budget: PacingSettings,
  into: { readonly entry: SourceEntry; readonly origins: Map<string, Origin> },
): PacingSettings {
  const take = (key: keyof PacingSettings): number => {
    const value = own[key];
    if (typeof value === 'number') return value;
    const path = `${sourcePrefix(into.entry.name)}${key}`;
    into.origins.set(path, { kind: 'inherited', key: `pacing.budget.${key}` });
    return budget[key];
  };
  return { max_msgs_per_sec: take('max_msgs_per_sec'), burst: take('burst') };
}

/** Also the password within a URL: drivers and messages quote it by itself. */
export function secretsIn(leaves: readonly Leaf[], effective: ReadonlyMap<string, Assignment>): string[] {
  return leaves.filter(({ setting }) => isSecret(setting)).flatMap(({ path }) => {
    const value = effective.get(path)?.value;
    if (typeof value !== 'string' || value === '') return [];
    const password = URL.canParse(value) ? new URL(value).password : '';
    return password === '' ? [value] : [value, password, decoded(password)];
  });
}

/** A lone percent sign in a password is no code of anything; drivers take it as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
