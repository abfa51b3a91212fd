import type avro from 'avsc';
import type { DecoderType } from './decoder.ts';
import { hasFields, unwrapped } from './record-values.ts';
import { SchemaDecoder, type Records, type SchemaFormat } from './schema-decoder.ts';
import { schemaRegistrySettings } from './schema-registry-settings.ts';

/** A tick as Avro record, or an array of such records. */
const avroFormat: SchemaFormat<avro.Type> = {
  schemaType: 'AVRO',
  name: 'Avro',
  async load() {
    const { readingType } = await import('./avro-types.ts'); // 9 MB.
    return (schemas) => {
      const named: Record<string, avro.Type> = {};
      return schemas.map(({ schema }) => readingType(schema, named)).at(-1)!;
    };
  },
  records(type, bytes): Records {
    const value: unknown = unwrapped(type.fromBuffer(bytes));
    const isList = Array.isArray(value);
    const all: readonly unknown[] = isList ? value.map(unwrapped) : [value];
    if (!all.every(hasFields)) throw new Error('it is no record and no array of records');
    return { all, isList };
  },
};

export const avroDecoder: DecoderType<typeof schemaRegistrySettings> = {
  settings: schemaRegistrySettings,
  create: (context) => new SchemaDecoder(avroFormat, context),
};
