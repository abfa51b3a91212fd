import { endOfString } from './json-text.ts';
import type { TickField } from './tick-fields.ts';

/** Where each field that is asked for stands in an object: its key, behind the keys of the objects around it. */
export type FieldPaths = ReadonlyMap<TickField, readonly string[]>;

/** What the value of a key is, each a bit, so that a set of them is a number. */
export const fieldBit = {
  trade_id: 1, event_time: 2, side: 4, price: 8, size: 16, symbol: 32, venue: 64,
} as const satisfies Record<TickField, number>;
export const unknownKey = 0;
/** From here on a bit is an inner object. */
export const firstInnerBit = 128;
/** Bits 7 to 30 of a number that V8 keeps in 31 bits and a sign. */
const innerObjectsMax = 23;
/** From this member on of an object, keys are expected where those of its beginning stood. A power of two. */
const expectedMax = 64;
const expectedMask = expectedMax - 1;
const behindKey = '":';

type PathEntry = readonly [field: TickField, path: readonly string[]];

/**
 * The keys of an object that somebody asks for, and those of its inner objects. Records of one feed have their
 * keys in one order, so the key that stood at a place of the last record is tried there first.
 */
export class KeyTree {
  /** What the key found last is: a bit of a field or of an inner object, 0 where nobody asks. */
  bit = unknownKey;
  readonly #inner: ReadonlyMap<number, KeyTree>;
  /** As JSON writes them, each with its closing quote and the colon. */
  readonly #keys: readonly Uint8Array[];
  readonly #bits: Int32Array;
  readonly #expected = new Uint8Array(expectedMax);

  constructor(entries: ReadonlyMap<string, number>, inner: ReadonlyMap<number, KeyTree>) {
    this.#keys = [...entries.keys()].map((key) => Buffer.from(`${JSON.stringify(key).slice(1)}:`));
    this.#bits = Int32Array.from(entries.values());
    this.#inner = inner;
  }

  /** The keys of the inner object that has this bit. */
  innerOf(bit: number): KeyTree {
    return this.#inner.get(bit)!;
  }

  /**
   * The index behind the colon of the key at `start`, if it is the one expected of an object's member number
   * `member`, with no blank behind it; else -1, and `search` knows more. `bit` is set.
   */
  expect(bytes: Uint8Array, start: number, member: number): number {
    const known = this.#expected[member & expectedMask];
    const key = this.#keys[known];
    const length = key.length;
    for (let index = 0; index < length; index++) if (key[index] !== bytes[start + index]) return -1;
    this.bit = this.#bits[known];
    return start + length;
  }

  /** The closing quote of the key at `start`; -1 where it is not plain. `bit` is set. */
  search(bytes: Uint8Array, start: number, member: number): number {
    const end = endOfString(bytes, start);
    this.bit = unknownKey;
    for (let candidate = 0; candidate < this.#keys.length; candidate++) {
      const key = this.#keys[candidate];
      if (key.length - behindKey.length !== end - start) continue;
      let same = start;
      while (same < end && key[same - start] === bytes[same]) same++;
      if (same < end) continue;
      this.bit = this.#bits[candidate];
      this.#expected[member & expectedMask] = candidate;
    }
    return end;
  }
}

/** The keys of records whose fields stand at `paths`; a text says how these contradict each other. */
export function keyTreeOf(paths: FieldPaths): KeyTree | string {
  const entries = [...paths];
  for (const [index, [field, path]] of entries.entries()) {
    const other = entries.slice(index + 1).find(([, next]) => isWithin(next, path) || isWithin(path, next));
    if (other !== undefined) {
      return `${field} (${path.join('.')}) and ${other[0]} (${other[1].join('.')}) are the same or one is in the other`;
    }
  }
  const bits = Array.from({ length: innerObjectsMax }, (_, place) => firstInnerBit * 2 ** place);
  const tree = treeOf(entries, bits);
  return tree ?? `the fields stand in more than ${innerObjectsMax} objects`;
}

function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return outer.every((key, depth) => path[depth] === key);
}

/** Takes a bit for each inner object from `bits`; null where these do not suffice. */
function treeOf(paths: readonly PathEntry[], bits: number[]): KeyTree | null {
  const entries = new Map<string, number>();
  const inner = new Map<number, KeyTree>();
  for (const [key, group] of Map.groupBy(paths, ([, path]) => path[0])) {
    if (group[0][1].length === 1) {
      entries.set(key, fieldBit[group[0][0]]);
      continue;
    }
    const bit = bits.shift();
    const tree = treeOf(group.map(([field, path]): PathEntry => [field, path.slice(1)]), bits);
    if (bit === undefined || tree === null) return null;
    entries.set(key, bit);
    inner.set(bit, tree);
  }
  return new KeyTree(entries, inner);
}
