/*
 * Calls that nobody would make, made of what an OpenAPI document says: for every method of every path values that are
 * allowed, just beside it, of another type, far too large, or meant to be read as something else. A route that is added
 * is called without a line here.
 */

export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Call {
  readonly method: string;
  /** As the document has it. */
  readonly path: string;
  readonly operation: Operation;
  /** As it is asked for, escaped. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Whole numbers below 2^32 from a seed, the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const nasty: readonly string[] = [
  '', ' ', '\0', 'a\0b', '\u0000'.repeat(9), '\ud800', '\u{1f4a9}', '比特币', 'e\u0301\u202e', "' OR '1'='1", "'; DROP TABLE bars; --", '$1', '%', '%00', '\\', '../..',
  '__proto__', 'constructor', 'null', 'undefined', 'true', 'NaN', 'Infinity', '-0', '1e999', '0x10', '1;2', '{"a":1}', '[]', '<script>', '=1+1', '\r\nx: y', '\ufeff',
  '2019-13-40', '0000-00-00', '+275760-09-13T00:00:00Z', '-271821-04-20', '9'.repeat(17), '8640000000000000', '-8640000000000000', '1969-12-31T23:59:59.999999999Z',
  '1m@Europe/Berlin', '999999w', '1w', '1s/1s', '7d', '1h/30m', '1d@Mars/Olympus', 'rsi(14)', 'rsi(0)', 'rsi(99999999999)', 'WyJhIiwiYiJd',
];

export class DocumentFuzz {
  readonly #next: () => number;
  /** What answers have shown, by the name of the field: ids that exist, symbols that have bars. */
  readonly #known = new Map<string, unknown[]>();

  constructor(seed: number) {
    this.#next = randomFrom(seed);
  }

  /** Learns from an answer. */
  learn(answer: unknown, name = ''): void {
    if (Array.isArray(answer)) return answer.slice(0, 5).forEach((one) => this.learn(one, name));
    if (typeof answer === 'object' && answer !== null) return Object.entries(answer).forEach(([key, one]) => this.learn(one, key));
    const seen = this.#known.get(name) ?? [];
    seen.unshift(answer);
    this.#known.set(name, seen.slice(0, 20));
  }

  call(path: string, method: string, operation: Operation): Call {
    const query = new URLSearchParams();
    let target = path;
    const wildness = this.#pick([0, 0, 0.2, 1]);
    for (const { name, in: where, required, schema } of operation.parameters ?? []) {
      const isThere = where === 'path' || (required === true ? !this.#happens(wildness * 0.3) : this.#happens(0.4));
      if (!isThere) continue;
      const text = textOf(this.#value(name, schema, wildness));
      if (where === 'path') target = target.replace(`{${name}}`, escaped(text) || '%20');
      else query.append(name, text);
      if (where === 'query' && this.#happens(wildness * 0.1)) query.append(name, text);
    }
    if (this.#happens(wildness * 0.1)) query.append(this.#pick(nasty), 'x');
    const content = operation.requestBody?.content['application/json'];
    const body = content === undefined ? null : this.#body(content.schema, wildness);
    return {
      method: method.toUpperCase(), path, operation, target: query.size === 0 ? target : `${target}?${query.toString()}`, body,
      headers: body === null ? {} : { 'content-type': this.#happens(wildness * 0.1) ? 'text/plain' : 'application/json' },
    };
  }

  #body(schema: Schema, wildness: number): string {
    if (this.#happens(wildness * 0.15)) return this.#pick(['', '{', '[[[[', 'null', '"x"', '1e999', '{"a":1}{"b":2}', '[]', '\0', `{"x":"${'x'.repeat(70_000)}"}`]);
    return JSON.stringify(this.#value('', schema, wildness));
  }

  #value(name: string, schema: Schema, wildness: number): unknown {
    if (this.#happens(wildness * 0.5)) return this.#wild(schema);
    const known = this.#known.get(name);
    if (known !== undefined && this.#happens(0.5)) return this.#pick(known);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.#value(name, this.#pick(choices), wildness);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return this.#pick(schema.enum);
    return this.#plain(name, schema, wildness);
  }

  #plain(name: string, schema: Schema, wildness: number): unknown {
    const { minimum = -1e9, maximum = 1e9 } = schema;
    switch (schema.type) {
      case 'integer': return this.#pick([minimum, maximum, Math.min(maximum, minimum + 1), Math.round(minimum + (maximum - minimum) * (this.#next() / 2 ** 32))]);
      case 'number': return this.#pick([minimum, maximum, 0, 0.1, -1.5e-9].filter((one) => one >= minimum && one <= maximum));
      case 'boolean': return this.#happens(0.5);
      case 'null': return null;
      case 'array': return Array.from({ length: this.#next() % 4 }, () => this.#value(name, schema.items ?? {}, wildness));
      case 'object': return this.#object(schema, wildness);
      case undefined: return this.#text(name, schema);
      default: return this.#text(name, schema);
    }
  }

  #object({ properties = {}, required = [] }: Schema, wildness: number): unknown {
    const there = Object.entries(properties).filter(([name]) => (required.includes(name) ? !this.#happens(wildness * 0.2) : this.#happens(0.5)));
    const made = there.map(([name, schema]): [string, unknown] => [name, this.#value(name, schema, wildness)]);
    if (this.#happens(wildness * 0.1)) made.push([this.#pick(nasty), this.#pick(nasty)]);
    return Object.fromEntries(made);
  }

  #text(name: string, { minLength = 0, maxLength = 40 }: Schema): string {
    if (/(^|_)(id)$/.test(name)) return '0b0e3c2e-53ce-4b9a-93bb-0c1f0a9c6f10';
    if (name === 'spec') return this.#pick(['1s', '1m', '3s', '2m', '1h', '1d@America/New_York', '1w']);
    if (name === 'from') return this.#pick(['2020-01-01', '0', '2100-01-01']);
    if (name === 'until') return this.#pick(['2100-01-01', '9999-12-31T23:59:59Z', '1']);
    if (name === 'channel') return this.#pick(['health', 'gaps', 'quotes', 'alerts']);
    if (/url/.test(name)) return 'http://127.0.0.1:9/'; // Nothing is to be called outside of this machine.
    return 'x'.repeat(this.#pick([minLength, Math.max(minLength, 1), maxLength]));
  }

  #wild({ minimum, maximum, maxLength }: Schema): unknown {
    const beside = [minimum === undefined ? -1 : minimum - 1, maximum === undefined ? 2 ** 53 : maximum + 1, 0.5, -0, 1e300, '1', null, true, [], {}, [1], { a: { b: {} } }];
    if (this.#happens(0.4)) return this.#pick(beside);
    if (maxLength !== undefined && this.#happens(0.2)) return this.#pick(['x', '\u{1f4a9}', '\0']).repeat(maxLength + 1);
    return this.#pick(nasty);
  }

  #happens(share: number): boolean {
    return this.#next() / 2 ** 32 < share;
  }

  #pick<T>(of: readonly T[]): T {
    return of[this.#next() % of.length];
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A lone half of a character cannot be escaped. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('.', '%2E');
}
