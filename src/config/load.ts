import { isMap } from 'yaml';
import { compose } from './compose.ts';
import { crossFaults } from './cross-checks.ts';
import { faultsError } from './fault.ts';
import type { Assignment, Fault, Origin } from './fault.ts';
import { isEmpty, readEntries, twice } from './file-layer.ts';
import { settingsTree, sourceKinds } from './schema.ts';
import type { Config, SourceKinds } from './schema.ts';
import { leavesOfSource, readSources, sourcePrefix } from './source-entries.ts';
import type { SourceEntry, SourcesReading } from './source-entries.ts';
import { readEnvironment, readFlags } from './text-layers.ts';
import type { Environment } from './text-layers.ts';
import { isSecret, leavesOf } from './tree.ts';
import type { Leaf } from './tree.ts';
import { YamlDocument } from './yaml-document.ts';

export interface ConfigRequest {
  /** Path of the configuration file; null reads none. */
  readonly file: string | null;
  /** Files laid over it, in this order. */
  readonly overlays?: readonly string[];
  readonly environment: Environment;
  /** `key=value`, as `--set` gives them. */
  readonly flags?: readonly string[];
}

/** The configuration with everything that is known about where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Every setting with its origin: `pipeline.batch_size`, `sources.demo.seed`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly leaves: readonly Leaf[];
  readonly files: readonly string[];
  /** Texts that no log may hold. */
  readonly secrets: readonly string[];
}

/**
 * Lays default, file, overlays, environment and flags over each other. Lists and maps, `sources` too, are replaced whole
 * by a later layer. Throws an MdpError `config-invalid` that lists every fault.
 */
export function readConfig(request: ConfigRequest, kinds: SourceKinds = sourceKinds): LoadedConfig {
  const files = [...request.file === null ? [] : [request.file], ...request.overlays ?? []];
  const read = files.map((file) => readFile(file, kinds));
  const sources = read.flatMap((reading) => reading.sources ?? []).at(-1) ?? noSources;
  const leaves = [...leavesOf(settingsTree), ...sources.entries.flatMap(leavesOfSource)];
  const layers = [
    ...read, { assignments: sources.assignments, faults: [] },
    readEnvironment(request.environment, leaves), readFlags(request.flags ?? [], leaves),
  ];
  const faults = layers.flatMap((layer) => layer.faults);
  const effective = new Map(layers.flatMap((layer) => layer.assignments).map((one) => [one.path, one]));
  const { config, origins } = build(effective, sources.entries, leaves);
  const faulty = new Set(faults.map(({ key }) => key));
  faults.push(...crossFaults({ config, origins, entries: sources.entries, faulty }));
  if (faults.length > 0) throw faultsError(faults, files);
  return { config: deepFreeze(config), origins, leaves, files, secrets: secretsIn(leaves, effective) };
}

const noSources: SourcesReading = { entries: [], assignments: [], faults: [] };

interface FileReading {
  readonly assignments: Assignment[];
  readonly faults: Fault[];
  /** Null where the file does not speak of sources. */
  readonly sources: SourcesReading | null;
}

function readFile(file: string, kinds: SourceKinds): FileReading {
  const document = new YamlDocument(file);
  const faults = [...document.faults];
  if (!isMap(document.root)) {
    if (!isEmpty(document.root)) faults.push(noMapping(document));
    return { assignments: [], faults, sources: null };
  }
  const entries = document.entriesOf(document.root);
  const [list, ...others] = entries.filter((entry) => entry.key === 'sources');
  const sources = list === undefined ? null : readSources(document, list, kinds);
  for (const other of others) faults.push(twice('sources', other.origin, list.origin));
  const rest = readEntries(document, entries.filter((entry) => entry.key !== 'sources'), rootPlace);
  return { assignments: rest.assignments, faults: [...faults, ...sources?.faults ?? [], ...rest.faults], sources };
}

/** `sources` is read by itself; it stands here to be found for a typo. */
const rootPlace = { tree: { ...settingsTree, sources: {} }, prefix: '' };

function noMapping(document: YamlDocument): Fault {
  const rule = 'write a mapping of sections and keys, as in config.yaml';
  return { key: 'the file', value: null, origin: document.originOf(document.root), rule };
}

/** The values as one object. Faulty values are not among them: their defaults stand in, so that the rest can be judged. */
function build(
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
    return { name: entry.name, type: entry.type, values: { ...own, ...inherited(own, root, { entry, origins }) } };
  });
  // The trees that these objects were composed from are the ones that the type is made of.
  return { config: { ...root, sources } as unknown as Config, origins };
}

/** A source's own pacing where it is set, the pipeline's where it is not. */
function inherited(
  own: Record<string, unknown>, root: Record<string, unknown>, into: { entry: SourceEntry; origins: Map<string, Origin> },
): Record<string, unknown> {
  const budget = (root['pacing'] as Record<string, Record<string, unknown>>)['budget'];
  return Object.fromEntries(Object.entries(budget).map(([key, value]) => {
    if (own[key] !== null && own[key] !== undefined) return [key, own[key]];
    into.origins.set(`${sourcePrefix(into.entry.name)}${key}`, { kind: 'inherited', key: `pacing.budget.${key}` });
    return [key, value];
  }));
}

/** Also the password within a URL: drivers and messages quote it by itself. */
function secretsIn(leaves: readonly Leaf[], effective: ReadonlyMap<string, Assignment>): string[] {
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
