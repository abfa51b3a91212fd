import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import type { Assignment, Fault, Origin } from './fault.ts';
import { mask, shown } from './fault.ts';
import type { Reading } from './file-layer.ts';
import { nearest } from './nearest.ts';
import { fromText, isValid, ruleOf } from './rules.ts';
import { environmentNames, isSecret } from './tree.ts';
import type { Leaf } from './tree.ts';

export type Environment = { readonly [name: string]: string | undefined };

/** What one environment name means: a setting, or the file that holds a secret's value. */
interface NamedLeaf {
  readonly leaf: Leaf;
  readonly isFile: boolean;
}

/** Every environment name that means something; two things where two sources are called `a-b` and `a_b`. */
export function namesOf(leaves: readonly Leaf[]): ReadonlyMap<string, readonly NamedLeaf[]> {
  const names = new Map<string, NamedLeaf[]>();
  const add = (name: string, named: NamedLeaf): void => {
    names.set(name, [...names.get(name) ?? [], named]);
  };
  for (const leaf of leaves) {
    for (const name of environmentNames(leaf)) {
      add(name, { leaf, isFile: false });
      if (isSecret(leaf.setting)) add(`${name}_FILE`, { leaf, isFile: true });
    }
  }
  return names;
}

interface Found {
  readonly name: string;
  readonly text: string;
  readonly isFile: boolean;
}

/**
 * Values from the environment. An empty variable counts as not set: that is how compose files pass on what they
 * have not got. Of names that mean nothing here only those that begin with PIPELINE_ are ours to complain about.
 */
export function readEnvironment(environment: Environment, leaves: readonly Leaf[]): Reading {
  const names = namesOf(leaves);
  const reading: Reading = { assignments: [], faults: [] };
  const found = new Map<Leaf, Found[]>();
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name] ?? '';
    if (text === '') continue;
    const [meant, ...others] = names.get(name) ?? [];
    if (others.length > 0) reading.faults.push(ambiguous(name, [meant, ...others]));
    else if (meant !== undefined) found.set(meant.leaf, [...found.get(meant.leaf) ?? [], { name, text, ...meant }]);
    else if (name.startsWith('PIPELINE_')) reading.faults.push(unknownName(name, names.keys()));
  }
  for (const [leaf, values] of found) readFound(leaf, values, reading);
  return reading;
}

function readFound(leaf: Leaf, values: readonly Found[], reading: Reading): void {
  const [first, ...others] = values;
  for (const other of others) {
    if (other.text === first.text && other.isFile === first.isFile) continue;
    const rule = `${first.name} sets the same key; keep one of the two`;
    reading.faults.push({ key: leaf.path, value: null, origin: environmentOrigin(other.name), rule });
  }
  for (const { name, text, isFile } of others.length === 0 ? values : [first]) {
    const origin = environmentOrigin(name);
    const content = isFile ? readSecret(text) : text;
    if (typeof content === 'string') readText({ leaf, text: content, origin }, reading);
    else reading.faults.push({ key: leaf.path, value: null, origin, rule: content.rule });
  }
}

/** Values from flags of the form `key=value`. */
export function readFlags(flags: readonly string[], leaves: readonly Leaf[]): Reading {
  const reading: Reading = { assignments: [], faults: [] };
  const origin: Origin = { kind: 'flag' };
  const known = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  for (const flag of flags) {
    const at = flag.indexOf('=');
    const path = at === -1 ? flag : flag.slice(0, at);
    const leaf = known.get(path);
    if (leaf === undefined) {
      const rule = 'there is no such key';
      reading.faults.push({ key: path, value: null, origin, rule, nearest: nearest(path, known.keys()) });
    } else if (at === -1) {
      reading.faults.push({ key: path, value: null, origin, rule: 'write key=value' });
    } else {
      readText({ leaf, text: flag.slice(at + 1), origin }, reading);
    }
  }
  return reading;
}

function readText(given: { leaf: Leaf; text: string; origin: Origin }, reading: Reading): void {
  const { leaf: { path, setting }, text, origin } = given;
  const value = fromText(setting, text);
  const assignment: Assignment = { path, value, origin };
  if (isValid(setting, value)) {
    reading.assignments.push(assignment);
    return;
  }
  const rule = setting.type === 'text-map' ? `${ruleOf(setting)}, in a file` : ruleOf(setting);
  const meant = setting.type === 'choice' ? nearest(text, setting.choices) : null;
  const written = isSecret(setting) ? mask : shown(text);
  reading.faults.push({ key: path, value: written, origin, rule, nearest: meant });
}

const secretBytesMax = 65_536; // A chain of certificates with its key comes to some 10 KiB.

function readSecret(file: string): string | { readonly rule: string } {
  try {
    const { size } = statSync(file);
    if (size > secretBytesMax) {
      return { rule: `the file ${file} has ${size} bytes; a secret has at most ${secretBytesMax}` };
    }
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { rule: `the file ${file} is empty` } : text;
  } catch (error) {
    return { rule: `the file ${file} cannot be read (${messageOf(error)})` };
  }
}

function environmentOrigin(name: string): Origin {
  return { kind: 'environment', name };
}

function unknownName(name: string, known: Iterable<string>): Fault {
  const rule = 'no key has this environment name';
  return { key: name, value: null, origin: environmentOrigin(name), rule, nearest: nearest(name, known) };
}

function ambiguous(name: string, meant: readonly NamedLeaf[]): Fault {
  const paths = meant.map(({ leaf }) => leaf.path).join(' and ');
  const rule = `it could mean ${paths}; set them in a file, or rename a source`;
  return { key: name, value: null, origin: environmentOrigin(name), rule };
}
