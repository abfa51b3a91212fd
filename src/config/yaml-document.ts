import { readFileSync, statSync } from 'node:fs';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { messageOf } from '../errors.ts';
import type { Fault, Origin } from './fault.ts';

/** Every key with a page of comment comes to 64 KiB; what is larger was not written by a person for this. */
export const fileBytesMax = 262_144;

/** A node that stands for itself: aliases are followed. `null` where a key has no value. */
export type YamlNode = Scalar | YAMLMap | YAMLSeq | null;

export interface YamlEntry {
  readonly key: string;
  readonly value: YamlNode;
  readonly origin: Origin;
}

/** A parsed YAML file: where everything stands, and what is wrong with it as YAML, without quoting it. */
export class YamlDocument {
  readonly file: string;
  readonly root: YamlNode;
  readonly faults: readonly Fault[];
  readonly #lines = new LineCounter();
  readonly #targets = new Map<Node, Node>();

  /** Never throws: a file that cannot be read or is no YAML is an empty document with faults. */
  constructor(file: string) {
    this.file = file;
    const text = readText(file);
    if (typeof text !== 'string') {
      this.root = null;
      this.faults = [{ key: 'the file', value: null, origin: this.#originAt(undefined), rule: text.rule }];
      return;
    }
    const document = parseDocument(text, {
      lineCounter: this.#lines, prettyErrors: false, stringKeys: true, uniqueKeys: false, logLevel: 'error',
    });
    const lost = this.#followAliases(document).map((alias) =>
      this.#unreadable('alias without an anchor', alias.range?.[0]));
    // The parser's own message quotes the text that it stumbled over, which may be half of a password.
    this.faults = [...lost, ...[...document.errors, ...document.warnings].map(({ code, pos }) =>
      this.#unreadable(code.toLowerCase().replaceAll('_', ' '), pos[0]))];
    this.root = this.faults.length > 0 ? null : this.resolved(document.contents);
  }

  originOf(node: unknown): Origin {
    return this.#originAt(isNode(node) ? node.range?.[0] : undefined);
  }

  /** The node itself, or the one that an alias stands for. */
  resolved(node: unknown): YamlNode {
    const target = isAlias(node) ? this.#targets.get(node) : node;
    return isScalar(target) || isMap(target) || isSeq(target) ? target : null;
  }

  /** Pairs in the order of the file; a key that stands twice comes twice. What `<<` merges comes last. */
  entriesOf(map: YAMLMap, visited: ReadonlySet<YAMLMap> = new Set()): YamlEntry[] {
    const own: YamlEntry[] = [];
    const merged: YamlEntry[] = [];
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (key === '<<') merged.push(...this.#mergedEntries(pair.value, new Set([...visited, map])));
      else own.push({ key, value: this.resolved(pair.value), origin: this.originOf(pair.key) });
    }
    const taken = new Set(own.map((entry) => entry.key));
    for (const entry of merged) {
      if (taken.has(entry.key)) continue;
      taken.add(entry.key);
      own.push(entry);
    }
    return own;
  }

  /** A mapping may not merge itself; each level is bounded by the mappings of the file. */
  #mergedEntries(value: unknown, visited: ReadonlySet<YAMLMap>): YamlEntry[] {
    const node = this.resolved(value);
    const parts = isSeq(node) ? node.items.map((item) => this.resolved(item)) : [node];
    return parts.flatMap((part) =>
      isMap(part) && !visited.has(part) && visited.size < mergeDepthMax ? this.entriesOf(part, visited) : []);
  }

  /** One walk for all: an alias stands for the last anchor of its name before it. Returns those without one. */
  #followAliases(document: Document): Alias[] {
    const anchors = new Map<string, Node>();
    const lost: Alias[] = [];
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source);
          if (target === undefined) lost.push(node);
          else this.#targets.set(node, target);
        } else if (node.anchor !== undefined) {
          anchors.set(node.anchor, node);
        }
      },
    });
    return lost;
  }

  #unreadable(what: string, offset: number | undefined): Fault {
    const column = this.#lines.linePos(offset ?? 0).col;
    const rule = `this is not YAML that can be read (${what}, column ${column})`;
    return { key: 'the file', value: null, origin: this.#originAt(offset), rule };
  }

  #originAt(offset: number | undefined): Origin {
    const line = offset === undefined ? 1 : this.#lines.linePos(offset).line;
    return { kind: 'file', file: this.file, line: Math.max(1, line) };
  }
}

const mergeDepthMax = 4;

function readText(file: string): string | { readonly rule: string } {
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax) {
      return { rule: `it has ${size} bytes; a configuration has at most ${fileBytesMax}` };
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)); // Drops a byte order mark.
  } catch (error) {
    if (error instanceof TypeError) return { rule: 'it is not UTF-8; save it as UTF-8' };
    return { rule: `it cannot be read (${messageOf(error)}); check the path given by --config` };
  }
}
