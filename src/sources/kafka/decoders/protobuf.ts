import type { DecoderType } from './decoder.ts';
import { readList, readMessage } from './protobuf-messages.ts';
import type { ProtobufSchema } from './protobuf-schema.ts';
import { SchemaDecoder, type SchemaFormat } from './schema-decoder.ts';
import { schemaRegistrySettings } from './schema-registry-settings.ts';
import { WireReader } from './wire-reader.ts';

/** Types are declared in one another no deeper in a schema. */
const indexesMax = 64;
const firstType: readonly number[] = [0];

/**
 * A tick as Protobuf message, or a message whose only field is a list of such. Between the id of the schema and the message
 * stands which of the schema's types it is.
 */
const protobufFormat: SchemaFormat<ProtobufSchema> = {
  schemaType: 'PROTOBUF',
  name: 'Protobuf',
  async load() {
    const { ProtobufSchema: Schema } = await import('./protobuf-schema.ts');
    return (schemas, paths) => new Schema(schemas, paths);
  },
  records(schema, bytes) {
    const reader = new WireReader(bytes);
    const plan = schema.planOf(messageIndexes(reader));
    if ('item' in plan) return { all: readList(reader, plan.number, plan.item), isList: true };
    return { all: [readMessage(reader, plan)], isList: false };
  },
};

/**
 * Their number, then each, as signed varints; a zero alone is [0], the schema's first type:
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
function messageIndexes(reader: WireReader): readonly number[] {
  const count = reader.sint32();
  if (count === 0) return firstType;
  if (count < 0 || count > indexesMax) throw reader.wrong(`the type of the message has ${count} indexes`);
  return Array.from({ length: count }, () => reader.sint32());
}

export const protobufDecoder: DecoderType<typeof schemaRegistrySettings> = {
  settings: schemaRegistrySettings,
  create: (context) => new SchemaDecoder(protobufFormat, context),
};
