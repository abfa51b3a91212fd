import { isMap } from 'yaml';
import { build, secretsIn } from './build.ts';
import { crossFaults } from './cross-checks.ts';
import { faultsError } from './fault.ts';
import type { Assignment, Fault, Origin } from './fault.ts';
import { isEmpty, readEntries, twice } from './file-layer.ts';
import { settingsTree, sourceKinds } from './schema.ts';
import type { Config, SourceKinds } from './schema.ts';
import { leavesOfSource, readSources } from './source-entries.ts';
import type { SourcesReading } from './source-entries.ts';
import { readEnvironment, readFlags } from './text-layers.ts';
import type { Environment } from './text-layers.ts';
import { leavesOf } from './tree.ts';
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
 * Lays default, file, overlays, environment and flags over each other. Lists and maps, `sources` too, are replaced
 * whole by a later layer. Throws an MdpError `config-invalid` that lists every fault.
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
  return { config, origins, leaves, files, secrets: secretsIn(leaves, effective) };
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
  faults.push(...sources?.faults ?? [], ...rest.faults);
  return { assignments: rest.assignments, faults, sources };
}

/** `sources` is read by itself; it stands here to be found for a typo. */
const rootPlace = { tree: { ...settingsTree, sources: {} }, prefix: '' };

function noMapping(document: YamlDocument): Fault {
  const rule = 'write a mapping of sections and keys, as in config.yaml';
  return { key: 'the file', value: null, origin: document.originOf(document.root), rule };
}
