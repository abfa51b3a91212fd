import { parse } from 'yaml';
import { mask, originText } from './fault.ts';
import type { Origin } from './fault.ts';
import { derivedFacts } from './derived-facts.ts';
import type { LoadedConfig } from './load.ts';
import { isSecret } from './tree.ts';
import type { Leaf } from './tree.ts';

/** What a setting comes to, and where that was said. */
interface Effective {
  readonly key: string;
  /** `***` where it is secret. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** The effective configuration for machines. */
export interface ConfigReport {
  readonly settings: readonly { readonly key: string; readonly value: unknown; readonly origin: string }[];
  /** What follows from the settings, in words. */
  readonly facts: Readonly<Record<string, string>>;
}

export function reportConfig(loaded: LoadedConfig): ConfigReport {
  const settings = effectiveOf(loaded).map((setting) => ({ ...setting, origin: originText(setting.origin) }));
  return { settings, facts: derivedFacts(loaded.config) };
}

/**
 * The effective configuration for people: YAML that is a configuration file itself, every key with its origin behind
 * it, secrets masked; then what follows from it, as comments. What nobody has set is dimmed where `colour` is on.
 */
export function describeConfig(loaded: LoadedConfig, colour = false): string {
  const lines = linesOf(loaded);
  const width = Math.min(columnMax, Math.max(...lines.map(({ text }) => text.length)));
  const settings = lines.map(({ text, origin }) => {
    if (origin === null) return text;
    const line = `${text.padEnd(width)}  # ${inOneLine(originText(origin))}`;
    return colour && origin.kind === 'default' ? `\u001b[2m${line}\u001b[22m` : line;
  });
  const facts = Object.entries(derivedFacts(loaded.config));
  const labelWidth = Math.max(...facts.map(([label]) => label.length));
  const comments = facts.map(([label, text]) => `# ${label.padEnd(labelWidth)}  ${inOneLine(text)}`);
  return [...settings, '', ...comments, ''].join('\n');
}

/** Origins stand in one column where the values leave room for it. */
const columnMax = 60;

interface Line {
  readonly text: string;
  readonly origin: Origin | null;
}

function linesOf(loaded: LoadedConfig): Line[] {
  const effective = effectiveOf(loaded);
  const lines: Line[] = [];
  let section: readonly string[] = [];
  for (const { key, value, origin } of effective.filter((one) => !one.key.startsWith('sources.'))) {
    const path = key.split('.');
    const parents = path.slice(0, -1);
    for (const [depth, name] of parents.entries()) {
      if (section.slice(0, depth + 1).join('.') !== parents.slice(0, depth + 1).join('.')) {
        lines.push({ text: `${indent(depth)}${name}:`, origin: null });
      }
    }
    section = parents;
    lines.push({ text: `${indent(parents.length)}${path.at(-1)}: ${yamlText(value)}`, origin });
  }
  const [name, ...rest] = lines;
  return [name, ...sourceLines(loaded, effective), ...rest];
}

function sourceLines(loaded: LoadedConfig, effective: readonly Effective[]): Line[] {
  const { sources } = loaded.config;
  if (sources.length === 0) return [{ text: 'sources: []', origin: null }];
  return [{ text: 'sources:', origin: null }, ...sources.flatMap((source) => {
    const prefix = `sources.${source.name}.`;
    const settings = effective.filter(({ key }) => key.startsWith(prefix)).map(({ key, value, origin }) =>
      ({ text: `    ${key.slice(prefix.length)}: ${yamlText(value)}`, origin }));
    const head = [`  - name: ${yamlText(source.name)}`, `    type: ${yamlText(source.type)}`];
    return [...head.map((text) => ({ text, origin: null })), ...settings];
  })];
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

function effectiveOf(loaded: LoadedConfig): Effective[] {
  return loaded.leaves.map((leaf) => {
    const value = valueAt(loaded, leaf);
    const hidden = isSecret(leaf.setting) && value !== null && value !== '';
    const origin = loaded.origins.get(leaf.path) ?? { kind: 'default' };
    return { key: leaf.path, value: hidden ? mask : value, origin };
  });
}

function valueAt(loaded: LoadedConfig, leaf: Leaf): unknown {
  const [first, second, ...rest] = leaf.path.split('.');
  const source = first === 'sources' ? loaded.config.sources.find(({ name }) => name === second) : undefined;
  return source === undefined ? valueIn(loaded.config, leaf.path.split('.')) : valueIn(source.values, rest);
}

function valueIn(value: unknown, keys: readonly string[]): unknown {
  const [first, ...rest] = keys;
  if (first === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return valueIn(Object.entries(value).find(([key]) => key === first)?.[1], rest);
}

/** A comment ends at a line break, and a terminal obeys what is in a path. */
function inOneLine(text: string): string {
  return text.replaceAll(controlCharacters, ' ');
}

const controlCharacters = /[\p{Cc}\u2028\u2029]/gu;

/** A value in one line of YAML; the parser is asked whether text reads as itself without quotes. */
export function yamlText(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : quoted(value);
  if (Array.isArray(value)) return `[${value.map(yamlText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${yamlText(key)}: ${yamlText(inner)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function isPlain(text: string): boolean {
  return /^[\w/][\w./@-]*$/.test(text) && parse(text) === text;
}

/** JSON, which is YAML, but without what JSON leaves bare and a terminal would obey. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(controlCharacters, (character) =>
    `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`);
}
