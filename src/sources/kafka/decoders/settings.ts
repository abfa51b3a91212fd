import type { Settings, ValuesOf } from '../../../model/setting.ts';
import { eventTimeUnits } from '../../scan/event-time.ts';

/** How ticks stand in messages, whatever their format. */
export const messageSettings = {
  format: {
    type: 'choice', choices: ['json', 'avro', 'protobuf'], default: 'json',
    doc: 'Format of the messages: json (an object, or an array of objects, a tick each), avro or protobuf (a ' +
      'record, or a list of records, behind the id of its schema in a schema registry).',
  },
  fields: {
    type: 'text-map', default: {},
    doc: 'Names in the messages that differ from ours: trade_id, event_time, side, price, size, symbol, venue, as ' +
      '`price: p`. A dot leads into an object: `price: data.p`.',
  },
  event_time_unit: {
    type: 'choice', choices: eventTimeUnits, default: 'ms',
    doc: 'Unit of the event time: ms, us, ns or s since 1970 UTC, or iso for ISO 8601 text (UTC where it names no ' +
      'zone). A schema that says what its times are (a timestamp of Avro or Protobuf) is believed instead.',
  },
  symbol_from: {
    type: 'choice', choices: ['field', 'key'], default: 'field',
    doc: 'Where the symbol stands: in a field of the message, or as text in its key.',
  },
} as const satisfies Settings;

export type MessageValues = ValuesOf<typeof messageSettings>;
