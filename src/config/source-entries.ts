import { isMap, isScalar, isSeq } from 'yaml';
import type { Fault, Origin } from './fault.ts';
import { shown } from './fault.ts';
import { isEmpty, readEntries } from './file-layer.ts';
import type { Reading } from './file-layer.ts';
import { nearest } from './nearest.ts';
import type { SourceKind, SourceKinds } from './schema.ts';
import { leavesOf } from './tree.ts';
import type { Leaf } from './tree.ts';
import type { YamlDocument, YamlEntry } from './yaml-document.ts';

/** An entry of `sources` whose name and type are right; its settings' paths begin with `sources.<name>.`. */
export interface SourceEntry {
  readonly name: string;
  readonly type: string;
  readonly kind: SourceKind;
  readonly origin: Origin;
}

export interface SourcesReading extends Reading {
  readonly entries: readonly SourceEntry[];
}

export function sourcePrefix(name: string): string {
  return `sources.${name}.`;
}

export function leavesOfSource(entry: SourceEntry): Leaf[] {
  return leavesOf(entry.kind.settings, sourcePrefix(entry.name));
}

/** Names become parts of lanes, metrics labels and environment names. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const nameRule = 'write a name of letters, digits, _ and -, at most 63, that begins with a letter or digit';
/** Each source holds at least one lane with its queues: 8 MiB of ticks at most. */
const sourcesMax = 64;

export function readSources(document: YamlDocument, list: YamlEntry, kinds: SourceKinds): SourcesReading {
  const reading: Reading & { entries: SourceEntry[] } = { entries: [], assignments: [], faults: [] };
  const fault = (rule: string): void => {
    reading.faults.push({ key: 'sources', value: null, origin: list.origin, rule });
  };
  if (isEmpty(list.value)) return reading;
  if (!isSeq(list.value)) fault('write a list, with a name and a type in each entry');
  else if (list.value.items.length > sourcesMax) fault(`write at most ${sourcesMax} sources`);
  else list.value.items.forEach((item, index) => readSource({ document, item, index }, kinds, reading));
  return reading;
}

interface Item {
  readonly document: YamlDocument;
  readonly item: unknown;
  readonly index: number;
}

function readSource(
  { document, item, index }: Item, kinds: SourceKinds, reading: Reading & { entries: SourceEntry[] },
): void {
  const map = document.resolved(item);
  const origin = document.originOf(item);
  const place = `sources[${index}]`;
  if (!isMap(map)) {
    reading.faults.push({ key: place, value: null, origin, rule: 'write a mapping with a name and a type' });
    return;
  }
  const all = document.entriesOf(map);
  const name = readName(all, { place, origin, taken: reading.entries }, reading.faults);
  const type = readType(all, { place: name ?? place, origin, kinds }, reading.faults);
  if (type === null) return;
  const kind = kinds[type];
  const rest = all.filter((entry) => entry.key !== 'name' && entry.key !== 'type');
  const prefix = name === null ? `${place}.` : sourcePrefix(name);
  const inner = readEntries(document, rest, { tree: kind.settings, prefix });
  reading.faults.push(...inner.faults);
  if (name === null) return;
  reading.assignments.push(...inner.assignments);
  reading.entries.push({ name, type, kind, origin });
}

function readName(
  all: readonly YamlEntry[],
  context: { place: string; origin: Origin; taken: readonly SourceEntry[] },
  faults: Fault[],
): string | null {
  const entry = singleOf(all, 'name', context.place, faults);
  const value = entry === undefined ? null : textOf(entry);
  const origin = entry?.origin ?? context.origin;
  const key = `${context.place}.name`;
  if (value === null || !namePattern.test(value)) {
    faults.push({ key, value: value === null ? null : shown(value), origin, rule: nameRule });
    return null;
  }
  const other = context.taken.find((source) => source.name === value);
  if (other === undefined) return value;
  const line = other.origin.kind === 'file' ? ` in line ${other.origin.line}` : '';
  const rule = `another source has this name${line}; names are unique`;
  faults.push({ key, value: shown(value), origin, rule });
  return null;
}

function readType(
  all: readonly YamlEntry[], context: { place: string; origin: Origin; kinds: SourceKinds }, faults: Fault[],
): string | null {
  const place = context.place.startsWith('sources') ? context.place : `sources.${context.place}`;
  const entry = singleOf(all, 'type', place, faults);
  const value = entry === undefined ? null : textOf(entry);
  if (value !== null && Object.hasOwn(context.kinds, value)) return value;
  const known = Object.keys(context.kinds);
  faults.push({
    key: `${place}.type`,
    value: value === null ? null : shown(value),
    origin: entry?.origin ?? context.origin,
    rule: `write one of ${known.join(', ')}`,
    nearest: value === null ? null : nearest(value, known),
  });
  return null;
}

function singleOf(
  all: readonly YamlEntry[], key: 'name' | 'type', place: string, faults: Fault[],
): YamlEntry | undefined {
  const [first, ...others] = all.filter((entry) => entry.key === key);
  for (const other of others) {
    const rule = 'this key stands already in this source; keep one';
    faults.push({ key: `${place}.${key}`, value: null, origin: other.origin, rule });
  }
  return first;
}

function textOf(entry: YamlEntry): string | null {
  return isScalar(entry.value) && typeof entry.value.value === 'string' ? entry.value.value : null;
}
