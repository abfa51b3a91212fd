import { avroDecoder } from './avro.ts';
import type { DecoderContext, MessageDecoder } from './decoder.ts';
import { jsonDecoder } from './json.ts';
import { protobufDecoder } from './protobuf.ts';
import { messageSettings } from './settings.ts';

/** Every format of messages under the name that `format` has in the configuration. A new one is one file and one line. */
export const decoderTypes = {
  json: jsonDecoder,
  avro: avroDecoder,
  protobuf: protobufDecoder,
} as const;

/** What a source says of its messages: how ticks stand in them, and what each format needs beside that. */
export const decoderSettings = {
  ...messageSettings,
  ...jsonDecoder.settings,
  ...avroDecoder.settings,
  ...protobufDecoder.settings,
} as const;

type AllValues = Parameters<(typeof avroDecoder)['create']>[0]['values'];

/** The decoder of `values.format`. Throws an MdpError `config-invalid` where the values contradict each other. */
export function createDecoder(context: DecoderContext<AllValues>): MessageDecoder {
  return decoderTypes[context.values.format].create(context);
}
