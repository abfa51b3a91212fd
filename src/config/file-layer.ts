import { isMap, isScalar, isSeq } from 'yaml';
import type { YAMLMap } from 'yaml';
import type { Setting } from '../model/setting.ts';
import type { Assignment, Fault, Origin } from './fault.ts';
import { mask, shown } from './fault.ts';
import { nearest } from './nearest.ts';
import { isValid, ruleOf } from './rules.ts';
import { childOf, isSecret, isSetting, leavesOf, sectionsOf } from './tree.ts';
import type { SettingsTree } from './tree.ts';
import type { YamlDocument, YamlEntry, YamlNode } from './yaml-document.ts';

/** What a mapping of the file says about a tree of settings. */
export interface Reading {
  readonly assignments: Assignment[];
  readonly faults: Fault[];
}

/** What a mapping is read against; `prefix` is the path of the mapping with its dot, or empty. */
export interface Place {
  readonly tree: SettingsTree;
  readonly prefix: string;
}

export function readEntries(document: YamlDocument, entries: readonly YamlEntry[], place: Place): Reading {
  const reading: Reading = { assignments: [], faults: [] };
  const seen = new Map<string, Origin>();
  for (const entry of entries) {
    const path = `${place.prefix}${entry.key}`;
    const first = seen.get(entry.key);
    if (first !== undefined) reading.faults.push(twice(path, entry.origin, first));
    seen.set(entry.key, entry.origin);
    const node = childOf(place.tree, entry.key);
    if (node === undefined) reading.faults.push(unknownKey(path, entry.origin, place));
    else if (isSetting(node)) readSetting(entry, { path, setting: node }, { document, reading });
    else readSection(entry, { path, tree: node }, { document, reading });
  }
  return reading;
}

interface Target {
  readonly document: YamlDocument;
  readonly reading: Reading;
}

function readSection(entry: YamlEntry, place: { path: string; tree: SettingsTree }, target: Target): void {
  if (isMap(entry.value)) {
    const entries = target.document.entriesOf(entry.value);
    const inner = readEntries(target.document, entries, { tree: place.tree, prefix: `${place.path}.` });
    target.reading.assignments.push(...inner.assignments);
    target.reading.faults.push(...inner.faults);
  } else if (!isEmpty(entry.value)) {
    const rule = `this is a section; write its keys below it: ${Object.keys(place.tree).join(', ')}`;
    target.reading.faults.push({ key: place.path, value: null, origin: entry.origin, rule });
  }
}

function readSetting(entry: YamlEntry, leaf: { path: string; setting: Setting }, target: Target): void {
  const { path, setting } = leaf;
  const value = plain(target.document, entry.value, setting);
  if (isValid(setting, value)) target.reading.assignments.push({ path, value, origin: entry.origin });
  else target.reading.faults.push(invalidValue(leaf, value, entry));
  if (isMap(entry.value)) target.reading.faults.push(...twiceIn(target.document, entry.value, path));
}

function invalidValue(leaf: { path: string; setting: Setting }, value: unknown, entry: YamlEntry): Fault {
  const { setting } = leaf;
  const number = isScalar(entry.value) && typeof value === 'number' ? entry.value.source : undefined;
  const written = isSecret(setting) ? mask : number ?? shown(value);
  const meant = setting.type === 'choice' && typeof value === 'string' ? nearest(value, setting.choices) : null;
  return { key: leaf.path, value: written, origin: entry.origin, rule: ruleOf(setting), nearest: meant };
}

/** The value of an unknown key is not shown: it may be a secret whose name was mistyped. */
function unknownKey(path: string, origin: Origin, { tree, prefix }: Place): Fault {
  const known = [...leavesOf(tree, prefix).map((leaf) => leaf.path), ...sectionsOf(tree, prefix)];
  return { key: path, value: null, origin, rule: 'there is no such key', nearest: nearest(path, known) };
}

export function twice(path: string, origin: Origin, first: Origin): Fault {
  const line = first.kind === 'file' ? ` in line ${first.line}` : '';
  return { key: path, value: null, origin, rule: `this key stands already${line}; keep one` };
}

function twiceIn(document: YamlDocument, map: YAMLMap, path: string): Fault[] {
  const seen = new Map<string, Origin>();
  return document.entriesOf(map).flatMap((entry) => {
    const first = seen.get(entry.key);
    seen.set(entry.key, entry.origin);
    return first === undefined ? [] : [twice(`${path}.${entry.key}`, entry.origin, first)];
  });
}

export function isEmpty(node: YamlNode): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/**
 * A node as a plain value for a setting. Settings are at most a list or a mapping of scalars: what is deeper is
 * not looked at.
 */
function plain(document: YamlDocument, node: YamlNode, setting: Setting): unknown {
  const wantsText = setting.type.startsWith('text') || setting.type === 'choice';
  const scalar = (inner: YamlNode): unknown => scalarOf(inner, wantsText);
  if (isSeq(node)) return node.items.map((item) => scalar(document.resolved(item)));
  if (!isMap(node)) return scalar(node);
  // From entries, so that `__proto__` becomes a key like any other, for its rule to refuse.
  return Object.fromEntries(document.entriesOf(node).map(({ key, value }) => [key, scalar(value)]));
}

/** Where text is wanted, `speed: 100` and `symbol: 007` mean what stands there. */
function scalarOf(node: YamlNode, wantsText: boolean): unknown {
  if (node === null) return null;
  if (!isScalar(node)) return {};
  return wantsText && typeof node.value === 'number' ? node.source ?? String(node.value) : node.value;
}
