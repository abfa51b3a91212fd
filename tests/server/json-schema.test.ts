import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Type as TypeBox } from 'typebox';
import { describe, expect, it } from 'vitest';
import { Type } from '../../src/server/json-schema.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A schema that says each word, alone and with options, as a property that must be there and as one that need not. */
function everyWord(type: typeof Type): Readonly<Record<keyof typeof Type, unknown>> {
  const text = { maxLength: 40, description: 'a text' };
  return {
    Array: [type.Array(type.String(text)), type.Array(type.Integer(), { maxItems: 3 })],
    Boolean: [type.Boolean(), type.Boolean({ default: true })],
    Enum: [type.Enum(['asc', 'desc']), type.Enum(['asc', 'desc'], { default: 'asc' })],
    Integer: [type.Integer(), type.Integer({ minimum: 1, maximum: 10 })],
    Literal: [type.Literal('a'), type.Literal(5), type.Literal(true, { description: 'always' })],
    Null: [type.Null(), type.Null({ description: 'nothing' })],
    Number: [type.Number(), type.Number({ exclusiveMinimum: 0 })],
    Object: [
      type.Object({}), type.Object({ a: type.Optional(type.Null()) }),
      type.Object({ a: type.String(text), b: type.Optional(type.Object({ c: type.Number() })) }, { additionalProperties: false }),
    ],
    Optional: [type.Optional(type.String(text)), type.Optional(type.Optional(type.Null()))],
    Partial: [
      type.Partial(type.Object({ a: type.String(text), b: type.Optional(type.Null()) }, { additionalProperties: false })),
      type.Partial(type.Object({ a: type.String(text) }), { additionalProperties: false }),
    ],
    Record: [type.Record(type.String(), type.Number()), type.Record(type.String(), type.Null(), { description: 'none' })],
    String: [type.String(), type.String(text)],
    Union: [type.Union([type.Null(), type.Number()]), type.Union([type.Literal('a')], { description: 'one' })],
    Unknown: [type.Unknown(), type.Unknown({ description: 'anything' })],
  };
}

/** What no document shows and a compiler asks for, of a schema and of all within it, in order. */
function marksOf(schema: unknown): unknown[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const within = Object.values(schema).flatMap(marksOf);
  return [Reflect.get(schema, '~kind'), Reflect.get(schema, '~optional') === true, ...within];
}

describe('a schema of a route', () => {
  const [ours, theirs] = [everyWord(Type), everyWord(TypeBox)];

  it.each(Object.keys(ours) as (keyof typeof Type)[])('says %s as TypeBox does', (word) => {
    expect(JSON.stringify(ours[word])).toBe(JSON.stringify(theirs[word]));
    expect(marksOf(ours[word])).toEqual(marksOf(theirs[word]));
  });

  it('is made without TypeBox, of which the program takes only types', () => {
    const files = globSync('src/**/*.ts', { cwd: root });
    const loading = files.filter((file) => /^(?:import|export) (?!type).*from 'typebox/m.test(readFileSync(path.join(root, file), 'utf8')));
    expect(files.length).toBeGreaterThan(100);
    expect(loading).toEqual([]);
  });

  it('has no word that is not held to TypeBox here', () => {
    expect(Object.keys(ours)).toEqual(Object.keys(Type));
  });
});
