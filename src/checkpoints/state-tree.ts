export type TypedColumn = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Rows of numbers side by side, `width` numbers a row. Its bytes are column by column, which makes them fewer. */
export interface Rows {
  readonly width: number;
  readonly values: Float64Array;
}

/**
 * What is kept as raw bytes beside the tree: typed arrays, the `values` of an object with a `width` that divides their
 * number, and lists of nothing but strings.
 */
export type Column = TypedColumn | Rows | readonly string[];

/** Rows come back as the numbers they are: the tree around them has their width. */
export type GrownColumn = TypedColumn | readonly string[];

/**
 * A tree as JSON. Text, finite numbers, booleans and null stand for themselves; everything else is a list that begins
 * with its kind: ['list', …], ['object', key, value, …], ['number', its name], ['column', its index]. So no key of a
 * state can be taken for something else, `__proto__` included.
 */
export type Planted = string | number | boolean | null | readonly Planted[];

/** Deeper than this is no state but a circle. */
const depthMax = 32;

/** The numbers that JSON cannot say. */
const namedNumbers: readonly number[] = [Infinity, -Infinity, NaN, -0];
const nameOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Takes a state apart. Columns are the state's own arrays, not copies. Throws a TypeError for what no state may hold. */
export function plant(state: unknown, columns: Column[], depth = 0): Planted {
  if (depth > depthMax) throw new TypeError(`A state is nested more than ${depthMax} deep`);
  if (typeof state === 'string' || typeof state === 'boolean' || state === null) return state;
  if (typeof state === 'number') {
    return Number.isFinite(state) && !Object.is(state, -0) ? state : ['number', nameOf(state)];
  }
  if (isTyped(state) || isTexts(state)) return ['column', columns.push(state) - 1];
  if (Array.isArray(state)) return ['list', ...state.map((item: unknown) => plant(item, columns, depth + 1))];
  if (typeof state === 'object' && isPlain(state)) {
    const rowsAt = isRows(state) ? columns.push({ width: state.width, values: state.values }) - 1 : -1;
    return ['object', ...Object.entries(state).flatMap(([key, value]) => (
      [key, key === 'values' && rowsAt !== -1 ? ['column', rowsAt] : plant(value, columns, depth + 1)]))];
  }
  throw new TypeError(`A state cannot hold ${Object.prototype.toString.call(state)}`);
}

/** Puts a state together again. Throws a TypeError where it is no planted tree, or columns are missing or left over. */
export function grow(planted: unknown, columns: readonly GrownColumn[]): unknown {
  const used = new Set<number>();
  const grown = growNode(planted, { columns, used, depth: 0 });
  if (used.size !== columns.length) throw new TypeError(`${columns.length - used.size} columns have no place`);
  return grown;
}

interface Growing {
  readonly columns: readonly GrownColumn[];
  readonly used: Set<number>;
  readonly depth: number;
}

function growNode(planted: unknown, growing: Growing): unknown {
  if (typeof planted === 'string' || typeof planted === 'boolean' || planted === null) return planted;
  if (typeof planted === 'number') return planted;
  if (!Array.isArray(planted) || growing.depth > depthMax) throw new TypeError('no planted tree');
  const [kind, ...parts] = planted as readonly unknown[];
  const deeper = { ...growing, depth: growing.depth + 1 };
  if (kind === 'list') return parts.map((part) => growNode(part, deeper));
  if (kind === 'object') return growObject(parts, deeper);
  if (kind === 'number') return growNumber(parts[0]);
  if (kind === 'column') return takeColumn(parts[0], growing);
  throw new TypeError('an unknown kind of node');
}

function growObject(parts: readonly unknown[], growing: Growing): object {
  const entries: [string, unknown][] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const key = parts[at];
    if (typeof key !== 'string' || at + 1 === parts.length) throw new TypeError('a key or a value is missing');
    entries.push([key, growNode(parts[at + 1], growing)]);
  }
  return Object.fromEntries(entries); // It defines; `__proto__` is a key like any other.
}

function growNumber(name: unknown): number {
  const value = namedNumbers.find((number) => nameOf(number) === name);
  if (value === undefined) throw new TypeError('an unknown number');
  return value;
}

function takeColumn(index: unknown, { columns, used }: Growing): GrownColumn {
  const column = typeof index === 'number' ? columns[index] : undefined;
  if (column === undefined || used.has(index as number)) throw new TypeError('a column is missing, or has two places');
  used.add(index as number);
  return column;
}

export function isTyped(value: unknown): value is TypedColumn {
  return value instanceof Float64Array || value instanceof Int32Array || value instanceof Uint32Array ||
    value instanceof Uint16Array || value instanceof Uint8Array;
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function isRows(value: object): value is Rows {
  if (!('width' in value && 'values' in value && value.values instanceof Float64Array)) return false;
  const width = Number.isInteger(value.width) ? value.width as number : 0;
  return width > 0 && value.values.length % width === 0;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
