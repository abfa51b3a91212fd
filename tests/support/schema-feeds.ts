import type { LogTick } from '../oracle/log.ts';
import * as avro from './avro-bytes.ts';
import type { KafkaFeedWish } from './kafka-feed.ts';
import * as protobuf from './protobuf-bytes.ts';
import type { TestSchema } from './schema-registry.ts';

interface SchemaFeed extends TestSchema, Required<Pick<KafkaFeedWish, 'keys' | 'tickValue'>> {
  readonly schemaType: string;
}

const sides = ['unknown', 'buy', 'sell'] as const satisfies readonly LogTick['side'][];
/** By which messages name it. */
const schemaId = 7;

/** Ticks as messages of each format whose schema is in a registry. Ids are whole numbers, times whole milliseconds. */
export const schemaFeeds: Readonly<Record<string, SchemaFeed>> = {
  Avro: {
    schemaType: 'AVRO',
    schema: {
      type: 'record', name: 'Trade', fields: [
        { name: 'venue', type: 'string' }, { name: 'symbol', type: 'string' }, { name: 'price', type: 'double' },
        { name: 'size', type: 'double' }, { name: 'side', type: { type: 'enum', name: 'Side', symbols: sides } },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } }, { name: 'id', type: 'long' },
      ],
    },
    keys: { format: 'avro', fields: { event_time: 'at', trade_id: 'id' } },
    tickValue: ({ venue, symbol, price, size, side, eventTimeMs, tradeId }) => avro.framed(schemaId,
      avro.text(venue), avro.text(symbol), avro.double(price), avro.double(size), avro.long(sides.indexOf(side)),
      avro.long(eventTimeMs * 1_000), avro.long(Number(tradeId))),
  },
  Protobuf: {
    schemaType: 'PROTOBUF',
    schema: `syntax = "proto3"; package market; import "google/protobuf/timestamp.proto";
      message Envelope { message Trade {
        enum Side { SIDE_UNSPECIFIED = 0; SIDE_BUY = 1; SIDE_SELL = 2; }
        message What { string venue = 1; string symbol = 2; }
        What what = 1; double price = 2; string size = 3; Side side = 4; google.protobuf.Timestamp at = 5; optional uint64 id = 6;
      } }`,
    keys: { format: 'protobuf', fields: { event_time: 'at', trade_id: 'id', venue: 'what.venue', symbol: 'what.symbol' } },
    tickValue: ({ venue, symbol, price, size, side, eventTimeMs, tradeId }) => protobuf.framed(schemaId, [0, 0],
      protobuf.part(1, [protobuf.part(1, venue), protobuf.part(2, symbol)]), protobuf.double(2, price), protobuf.part(3, String(size)),
      ...(side === 'unknown' ? [] : [protobuf.int(4, sides.indexOf(side))]), // As proto3 writes its zeros: not at all.
      protobuf.part(5, [protobuf.int(1, Math.floor(eventTimeMs / 1_000)), protobuf.int(2, (eventTimeMs % 1_000) * 1_000_000)]),
      protobuf.int(6, Number(tradeId))),
  },
};
