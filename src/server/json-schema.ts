import type { Type as TypeBox } from 'typebox';

/*
 * The words of TypeBox that our routes are written in, with its types, made here: a schema is only a small object, and to
 * load TypeBox for it takes 19 MiB of a daemon's memory. A word that a route needs and that is missing is one more line.
 */

type Words = Pick<typeof TypeBox,
  'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'Object' | 'Optional' | 'Partial' | 'Record' |
  'String' | 'Union' | 'Unknown'>;

type Schema = Readonly<Record<string, unknown>>;
/** Title, description, bounds: what the words take last. */
type Options = Schema;
interface ObjectSchema extends Schema {
  readonly properties: Readonly<Record<string, Schema>>;
}

const words: { readonly [Word in keyof Words]: unknown } = {
  Array: (items: Schema, options?: Options) => kind('Array', { type: 'array', items, ...options }),
  Boolean: (options?: Options) => kind('Boolean', { type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Options) => kind('Enum', { enum: values, ...options }),
  Integer: (options?: Options) => kind('Integer', { type: 'integer', ...options }),
  Literal: (value: string | number | boolean, options?: Options) =>
    kind('Literal', { type: typeof value, const: value, ...options }),
  Null: (options?: Options) => kind('Null', { type: 'null', ...options }),
  Number: (options?: Options) => kind('Number', { type: 'number', ...options }),
  Object: (properties: Readonly<Record<string, Schema>>, options?: Options) =>
    kind('Object', { type: 'object', ...required(properties), properties, ...options }),
  Optional: (schema: Schema) => optional(schema),
  Partial: ({ properties }: ObjectSchema, options?: Options) => kind('Object', {
    type: 'object', properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, optional(of)])),
    ...options, // As in TypeBox, the options of the whole are not those of its part.
  }),
  Record: (_names: Schema, values: Schema, options?: Options) =>
    kind('Record', { type: 'object', patternProperties: { '^.*$': values }, ...options }),
  String: (options?: Options) => kind('String', { type: 'string', ...options }),
  Union: (schemas: readonly Schema[], options?: Options) => kind('Union', { anyOf: schemas, ...options }),
  Unknown: (options?: Options) => kind('Unknown', { ...options }),
};

/** Who compiles a schema of TypeBox asks for these marks; they are not enumerable, so that they stand in no document. */
function kind(word: unknown, schema: Schema): Schema {
  return mark({ ...schema }, '~kind', word);
}

function optional(schema: Schema): Schema {
  return mark(kind(schema['~kind'], schema), '~optional', true);
}

function mark(schema: Schema, name: string, value: unknown): Schema {
  return Object.defineProperty(schema, name, { value });
}

function required(properties: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(properties).filter((name) => properties[name]['~optional'] !== true);
  return names.length === 0 ? {} : { required: names };
}

/** The types are those of TypeBox, which tests/server/json-schema.test.ts holds the schemas to. */
export const Type = words as Words;
