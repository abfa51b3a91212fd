import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixed32, fixed64, double, float, framed, group, int, part, raw, sint, varint, zigzag } from '../../../support/protobuf-bytes.ts';
import { TestRegistry } from '../../../support/schema-registry.ts';
import { decodeWith, Decoding } from './decoding.ts';
import { fuzzProtobuf } from './fuzz-protobuf.ts';

type Values = NonNullable<ConstructorParameters<typeof Decoding>[0]>;

const fields = `string symbol = 1; double price = 2; double size = 3; Side side = 4; int64 event_time_ms = 5; int64 trade_id = 6;
  enum Side { BUY = 0; SELL = 1; }`;
const trade = `syntax = "proto3"; package market; message Trade { ${fields} }`;
const values = [
  part(1, 'S17'), double(2, 100.25), double(3, 0.5), int(4, 1), int(5, 1_767_571_200_123), int(6, 123_456),
];
const tick = {
  symbol: 'S17', venue: 'home', price: 100.25, size: 0.5, side: 2, eventTimeMs: 1_767_571_200_123, tradeId: 123_456,
};

let registry: TestRegistry;
let decoding: Decoding;

function open(settings: Partial<Values> = {}): Decoding {
  return new Decoding({ format: 'protobuf', schema_registry_url: registry.url, ...settings });
}

function declare(id: number | string, schema: string, references?: Parameters<TestRegistry['schemas']['set']>[1]['references']): void {
  registry.schemas.set(id, { schema, schemaType: 'PROTOBUF', ...(references === undefined ? {} : { references }) });
}

/** A message of these fields, read. */
async function readMessage(schema: string, parts: readonly Buffer[], settings: Partial<Values> = {}): Promise<unknown> {
  declare(9, schema);
  const own = open(settings);
  return (await decodeWith(own, { value: framed(9, [0], ...parts) })) ?? own.ticks();
}

/** A message whose field `place`, of those of a trade, is declared otherwise. */
function otherwise(place: number, declaration: string, more = ''): string {
  const all = fields.split(';').map((field, index) => index === place ? ` ${declaration}` : field);
  return `syntax = "proto3"; message Trade { ${all.join(';')} ${more} }`;
}

function withField(place: number, value: Buffer): Buffer[] {
  return values.map((field, index) => index === place ? value : field);
}

beforeEach(async () => {
  registry = await TestRegistry.start();
  declare(7, trade);
  decoding = open();
});

afterEach(async () => {
  decoding.abort.abort();
  await registry.close();
});

describe('a message of Protobuf', () => {
  it('waits for its schema, which is fetched once', async () => {
    const message = { value: framed(7, [0], ...values), behind: 'more' };
    const first = decoding.decode(message);
    expect(first).toBeInstanceOf(Promise);
    expect(decoding.decode(message)).toBe(first);
    await first;
    decoding.take(message, message);
    expect(decoding.ticks()).toEqual([tick, tick]);
    expect(registry.asked).toEqual(['/registry/schemas/ids/7']);
  });

  it('says which of the types of its schema it is', async () => {
    declare(9, `syntax = "proto3"; package a.b; enum Side { BUY = 0; SELL = 1; }
      message Other { string symbol = 1; }
      message Outer { message First { map<string, int32> m = 1; } message Inner { message Trade { ${fields} } } int32 x = 1; }`);
    const bytes = framed(9, [1, 1, 0], ...values);
    expect(bytes.subarray(5, 9).toString('hex')).toBe('06020200');
    expect(await decodeWith(decoding, { value: bytes })).toBeNull();
    const long = Buffer.concat([framed(7, [0]).subarray(0, 5), zigzag(1), zigzag(0), ...values]);
    expect(await decodeWith(decoding, { value: long }), 'a list of one zero that is not shortened').toBeNull();
    expect(decoding.ticks()).toEqual([tick, tick]);
    for (const [indexes, said] of [
      [[2], 'no message type with the indexes [2]'], [[0, 0], 'indexes [0, 0]'], [[1, 1, -1], 'indexes [1, 1, -1]'],
      [[1, 1, 0, 0], 'indexes [1, 1, 0, 0]'], [Array.from({ length: 65 }, () => 0), 'has 65 indexes'],
    ] as const) {
      const seen = await decodeWith(decoding, { value: framed(9, indexes, ...values) });
      expect(seen).toEqual({ reason: 'malformed', message: expect.stringContaining(said) as string });
    }
    const negative = Buffer.concat([framed(9, [0]).subarray(0, 5), zigzag(-1), ...values]);
    expect(await decodeWith(decoding, { value: negative })).toMatchObject({ reason: 'malformed' });
    expect(await decodeWith(decoding, { value: framed(9, [0]).subarray(0, 5) })).toMatchObject({ reason: 'malformed' });
  });

  it('may hold several ticks, all or nothing', async () => {
    declare(8, `syntax = "proto3"; message Trades { repeated Trade trades = 3; } message Trade { ${fields} }`);
    const list = (...ticks: readonly Buffer[]): Buffer => framed(8, [0], ...ticks.map((one) => part(3, one)));
    const record = Buffer.concat(values);
    expect(await decodeWith(decoding, { value: list(record, record) })).toBeNull();
    expect(await decodeWith(decoding, { value: list() })).toBeNull();
    const bad = Buffer.concat([...values, part(1, '')]);
    expect(await decodeWith(decoding, { value: list(record, bad) }))
      .toEqual({ reason: 'bad-symbol', message: 'tick 2 of its list: symbol is empty' });
    expect(await decodeWith(decoding, { value: list(bad, record) })).toMatchObject({ message: 'tick 1 of its list: symbol is empty' });
    expect(await decodeWith(decoding, { value: list(record, record.subarray(0, -1)) })).toEqual({
      reason: 'malformed', message: expect.stringMatching(/^tick 2 of its list: the message is not what its schema 8 says/) as string,
    });
    expect(await decodeWith(decoding, { value: list(...Array.from({ length: 7 }, () => record)) })).toEqual({ rowsNeeded: 7 });
    const mixed = framed(8, [0], part(3, record), int(9, 5), int(3, 5));
    expect(await decodeWith(decoding, { value: mixed })).toMatchObject({ reason: 'malformed' });
    expect(decoding.ticks()).toEqual([tick, tick]);
  });

  it('is the same tick as one of JSON, whatever types its numbers have', async () => {
    const cases: readonly (readonly [type: string, of: (field: number) => Buffer, text: string])[] = [
      ['double', (field) => double(field, 0.1), '0.1'],
      ['double', (field) => double(field, 1e21), '1e21'],
      ['float', (field) => float(field, 0.1), '0.1'],
      ['float', (field) => float(field, 16_777_217), '16777216'],
      ['float', (field) => float(field, 67_123.45), '67123.45'],
      ['int32', (field) => int(field, 2_147_483_647), '2147483647'],
      ['int32', (field) => int(field, -5), '-5'],
      ['uint32', (field) => int(field, 4_294_967_295), '4294967295'],
      ['sint32', (field) => sint(field, -2_147_483_648), '-2147483648'],
      ['sint32', (field) => sint(field, 12), '12'],
      ['fixed32', (field) => fixed32(field, 4_294_967_295), '4294967295'],
      ['sfixed32', (field) => fixed32(field, -3), '-3'],
      ['int64', (field) => int(field, -9_007_199_254_740_993n), '-9007199254740993'],
      ['uint64', (field) => int(field, 18_446_744_073_709_551_615n), '18446744073709551615'],
      ['sint64', (field) => sint(field, -9_223_372_036_854_775_808n), '-9223372036854775808'],
      ['sint64', (field) => sint(field, 77), '77'],
      ['fixed64', (field) => fixed64(field, 9_007_199_254_740_993n), '9007199254740993'],
      ['sfixed64', (field) => fixed64(field, -9_007_199_254_740_993n), '-9007199254740993'],
      ['string', (field) => part(field, '0.30000000000000004'), '"0.30000000000000004"'],
    ];
    for (const [type, of, text] of cases) {
      const seen = await readMessage(otherwise(1, `${type} price = 2`), withField(1, of(2)));
      const json = new Decoding();
      json.take({ value: `{"symbol":"S17","price":${text},"size":0.5,"side":"SELL","event_time_ms":1767571200123,"trade_id":123456}` });
      expect(seen, `${type} ${text}`).toEqual(json.ticks());
    }
  });

  it('keeps ids and nanoseconds that a double would lose', async () => {
    for (const [type, of] of [['int64', int], ['uint64', int], ['sint64', sint], ['fixed64', fixed64]] as const) {
      const seen = await readMessage(otherwise(5, `${type} trade_id = 6`), withField(5, of(6, 9_007_199_254_740_993n)));
      expect(seen, type).toEqual([{ ...tick, tradeId: '9007199254740993' }]);
    }
    const largest = await readMessage(otherwise(5, 'uint64 trade_id = 6'), withField(5, int(6, 2n ** 64n - 1n)));
    expect(largest).toEqual([{ ...tick, tradeId: '18446744073709551615' }]);
    const settings = { event_time_unit: 'ns', fields: { event_time: 'event_time_ms' } } as const;
    expect(await readMessage(trade, withField(4, int(5, 1_767_571_200_123_456_999n)), settings))
      .toEqual([{ ...tick, eventTimeMs: 1_767_571_200_123.456 }]);
  });

  it('is believed about its timestamps, whatever the settings say', async () => {
    const schema = `import "google/protobuf/timestamp.proto"; ${otherwise(4, 'google.protobuf.Timestamp event_time = 5')}`
      .replace(/^(import[^;]*;) (syntax[^;]*;)/, '$2 $1');
    const stamp = (...parts: readonly Buffer[]): Buffer[] => withField(4, part(5, parts));
    for (const event_time_unit of ['ms', 'iso'] as const) {
      const settings = { event_time_unit, fields: { event_time: 'event_time' } };
      const at = (seconds: bigint | number, nanos: bigint | number): Promise<unknown> =>
        readMessage(schema, stamp(int(1, seconds), int(2, nanos)), settings);
      expect(await at(1_767_571_200, 123_456_999)).toEqual([{ ...tick, eventTimeMs: 1_767_571_200_123.456 }]);
      expect(await at(1_767_571_200, 7_000)).toEqual([{ ...tick, eventTimeMs: 1_767_571_200_000.007 }]);
      expect(await readMessage(schema, stamp(int(1, 1_767_571_200)), settings))
        .toEqual([{ ...tick, eventTimeMs: 1_767_571_200_000 }]);
      for (const nanos of [-1, 1_000_000_000]) expect(await at(1_767_571_200, nanos)).toMatchObject({ reason: 'malformed' });
      for (const seconds of [-1n, 0n, 2n ** 62n]) expect(await at(seconds, 5)).toMatchObject({ reason: 'bad-time' });
    }
    const within = await readMessage(schema, stamp(int(1, 1_767_571_200), int(2, 5)), { event_time_unit: 's', fields: { event_time: 'event_time.seconds' } });
    expect(within).toEqual([{ ...tick, eventTimeMs: 1_767_571_200_000 }]);
  });

  it('may have wrapped values and decimals', async () => {
    const wrapped = `syntax = "proto3"; import "google/protobuf/wrappers.proto"; import "google/type/decimal.proto";
      message Trade { google.protobuf.StringValue symbol = 1; google.type.Decimal price = 2; .google.protobuf.DoubleValue size = 3;
        google.protobuf.Int64Value event_time_ms = 5; google.protobuf.UInt64Value trade_id = 6; }`;
    const parts = [part(1, part(1, 'S17')), part(2, part(1, '100.25')), part(3, double(1, 0.5)), part(5, int(1, 1_767_571_200_123)),
      part(6, int(1, 123_456))];
    expect(await readMessage(wrapped, parts)).toEqual([{ ...tick, side: 0 }]);
    expect(await readMessage(wrapped, parts.toSpliced(2, 1, part(3, '')))).toEqual([{ ...tick, side: 0, size: 0 }]);
    expect(await readMessage(wrapped, parts.toSpliced(2, 1))).toEqual({ reason: 'missing-field', message: 'there is no size' });
    const connect = otherwise(1, 'confluent.type.Decimal price = 2');
    const decimal = (unscaled: number[], scale: number): Buffer[] =>
      withField(1, part(2, [part(1, Buffer.from(unscaled)), int(2, 8), int(3, scale)]));
    expect(await readMessage(connect, decimal([0x27, 0x29], 2))).toEqual([tick]);
    expect(await readMessage(connect, decimal([0xff], 4))).toEqual([{ ...tick, price: -0.0001 }]);
    expect(await readMessage(connect, decimal([1], 2_000_000_000))).toMatchObject({ reason: 'malformed' });
    expect(await readMessage(connect, decimal(Array.from({ length: 257 }, () => 1), 2))).toMatchObject({ reason: 'malformed' });
  });

  it('has sides by the names of its enum, with the prefix that the style guide asks for or without', async () => {
    const side = async (names: string, name: string, ...value: readonly Buffer[]): Promise<unknown> => {
      const schema = `syntax = "proto3"; message Trade { ${fields.replace('Side side', `${name} side`)} } enum ${name} { ${names} }`;
      const seen = await readMessage(schema, [...values.toSpliced(3, 1), ...value]);
      return Array.isArray(seen) ? (seen[0] as { side: number }).side : (seen as { message: string }).message;
    };
    const prefixed = 'AGGRESSOR_SIDE_UNSPECIFIED = 0; AGGRESSOR_SIDE_BUY = 1; AGGRESSOR_SIDE_SELL = 2;';
    expect(await side(prefixed, 'AggressorSide')).toBe(0);
    expect(await side(prefixed, 'AggressorSide', int(4, 1))).toBe(1);
    expect(await side(prefixed, 'AggressorSide', int(4, 2))).toBe(2);
    expect(await side(prefixed, 'AggressorSide', int(4, 3))).toBe('side "3" is not buy, sell, unknown');
    expect(await side(prefixed, 'Whose', int(4, 1))).toBe('side "AGGRESSOR_SIDE_BUY" is not buy, sell, unknown');
    expect(await side('Buy = 0; Sell = -1;', 'Direction')).toBe(1);
    expect(await side('Buy = 0; Sell = -1;', 'Direction', int(4, -1))).toBe(2);
    expect(await side('option allow_alias = true; S = 0; BUY = 0;', 'Direction')).toBe(2);
  });

  it('means the zero of an enum where it has none, unless its schema would tell that apart', async () => {
    const parts = values.toSpliced(3, 1);
    const sideOf = async (schema: string): Promise<unknown> => (await readMessage(schema, parts) as [{ side: number }])[0].side;
    expect(await sideOf(trade), 'proto3').toBe(1);
    expect(await sideOf(otherwise(3, 'optional Side side = 4')), 'proto3, optional').toBe(0);
    const old = `message Trade { ${fields.replaceAll(/(?<=[;^] |^)(?=string|double|Side|int64)/g, 'optional ')} }`;
    expect(await sideOf(old), 'proto2').toBe(0);
    expect(await sideOf(old.replace('side = 4', 'side = 4 [default = SELL]')), 'proto2 with a default').toBe(2);
    const edition = `edition = "2023"; message Trade { ${fields} }`;
    expect(await sideOf(edition), '2023').toBe(0);
    expect(await sideOf(edition.replace('side = 4', 'side = 4 [features.field_presence = IMPLICIT]')), '2023, implicit').toBe(1);
    expect(await sideOf(edition.replace(';', '; option features.field_presence = IMPLICIT;')), '2023, all implicit').toBe(1);
  });

  it('has no number where it has none, though that may mean 0', async () => {
    for (const [place, missing] of [[1, 'there is no price'], [2, 'there is no size'], [4, 'there is no event_time_ms']] as const) {
      expect(await readMessage(trade, values.toSpliced(place, 1))).toEqual({ reason: 'missing-field', message: missing });
    }
    expect(await readMessage(trade, withField(2, double(3, 0)))).toEqual([{ ...tick, size: 0 }]);
    expect(await readMessage(trade, values.slice(1), { symbol: 'S99' })).toEqual([{ ...tick, symbol: 'S99' }]);
    const old = 'syntax = "proto2"; message Trade { required string symbol = 1; optional double price = 2; required double size = 3;' +
      'optional string venue = 7 [default = "XNAS"]; required int64 event_time_ms = 5; optional int64 trade_id = 6; }';
    expect(await readMessage(old, values.toSpliced(3, 1))).toEqual([{ ...tick, side: 0, venue: 'XNAS' }]);
  });

  it('may have its fields in inner messages and maps, and its symbol in the key', async () => {
    declare(9, `syntax = "proto3"; message Trade { Data data = 1; map<string, int64> more = 2; map<sint32, Extra> by_number = 3;
      message Data { double price = 2; double size = 3; } message Extra { string venue = 1; } }`);
    const own = open({ symbol_from: 'key', fields: {
      price: 'data.price', size: 'data.size', trade_id: 'more.id', event_time: 'more.at', venue: 'by_number.-3.venue',
    } });
    const entry = (key: string, value: number): Buffer => part(2, [int(2, value), part(1, key)]);
    const value = framed(9, [0], part(1, values[1]), entry('id', 123_456), entry('other', 5), entry('at', 1_767_571_200_123),
      part(3, [sint(1, -3), part(2, part(1, 'X'))]), part(3, [part(2, part(1, 'Y'))]), part(1, values[2]));
    for (const key of ['S17', 'S18']) expect(await decodeWith(own, { key, value })).toBeNull();
    const seen = { ...tick, side: 0, venue: 'X' };
    expect(own.ticks()).toEqual([seen, { ...seen, symbol: 'S18' }]);
    expect(await decodeWith(own, { key: Buffer.of(0xff), value })).toMatchObject({ reason: 'bad-symbol' });
    expect(await decodeWith(own, { value })).toMatchObject({ reason: 'missing-field' });
  });

  it('may have maps that are declared as what they are on the wire, and counted among the types', async () => {
    declare(9, `syntax = "proto3"; package a.b; message Outer { repeated .a.b.Outer.MoreEntry more = 1;
      message MoreEntry { option map_entry = true; string key = 1; double value = 2; } message Trade { ${fields} } }`);
    expect(await decodeWith(decoding, { value: framed(9, [0, 1], ...values) })).toBeNull();
    expect(decoding.ticks()).toEqual([tick]);
    const own = open({ symbol: 'S17', ids: 'absent', fields: { price: 'more.price', size: 'more.size', event_time: 'more.at' } });
    const entry = (key: string, value: number): Buffer => part(1, [part(1, key), double(2, value)]);
    const value = framed(9, [0], entry('price', 100.25), entry('size', 0.5), entry('at', 1_767_571_200_123), entry('x', 1));
    expect(await decodeWith(own, { value })).toBeNull();
    expect(own.ticks()).toEqual([{ ...tick, side: 0, tradeId: null }]);
  });

  it('has of a oneof what came last', async () => {
    const schema = otherwise(1, 'oneof worth { double price = 2; string words = 12; bool none = 13; }').replace('};', '}');
    expect(await readMessage(schema, values)).toEqual([tick]);
    expect(await readMessage(schema, [part(12, 'x'), ...values])).toEqual([tick]);
    expect(await readMessage(schema, [...values, part(12, 'x')])).toMatchObject({ reason: 'missing-field' });
    const both = { fields: { price: 'price', venue: 'words' } };
    expect(await readMessage(schema, [part(12, 'x'), ...values], both)).toEqual([tick]);
    expect(await readMessage(schema, [...values, double(2, 7)])).toEqual([{ ...tick, price: 7 }]);
  });

  it('may have fields that nobody asks for, or that its schema does not know', async () => {
    const schema = otherwise(5, 'int64 trade_id = 6', `repeated int32 packed = 20; repeated int32 loose = 21 [packed = false];
      repeated Trade others = 22; google.protobuf.Any any = 23; bytes bytes = 24;`);
    const others = [part(20, [varint(1), varint(2)]), int(20, 5), int(21, 1), int(21, 2), part(22, values), part(23, 'x'),
      part(24, Buffer.of(0xff)), group(30, int(1, 5), group(2, part(7, 'x')), fixed64(3, 1n)), float(31, 5), double(32, 5),
      int(536_870_911, 1)];
    expect(await readMessage(schema, [...others, ...values, ...others])).toEqual([tick]);
  });

  it('whose field is a list, bytes, a truth or a message is refused with its reason', async () => {
    const cases: readonly (readonly [declaration: string, value: Buffer])[] = [
      ['repeated double price = 2', double(2, 5)], ['repeated double price = 2', part(2, Buffer.alloc(8))],
      ['bytes price = 2', part(2, '5')], ['bool price = 2', int(2, 1)], ['Inner price = 2', part(2, '')],
      ['map<string, double> price = 2', part(2, '')], ['google.protobuf.BoolValue price = 2', part(2, int(1, 1))],
    ];
    for (const [declaration, value] of cases) {
      const seen = await readMessage(otherwise(1, declaration, 'message Inner { int32 x = 1; }'), withField(1, value));
      expect(seen, declaration).toEqual({ reason: 'bad-price', message: 'price is no number and no text' });
    }
  });

  it('may use types of other schemas of the registry, each found as protoc finds it', async () => {
    declare('sides 3', 'syntax = "proto3"; import "more.proto"; package market.parts; enum Side { SELL = 0; BUY = 1; }', [
      { name: 'more.proto', subject: 'more', version: 1 },
    ]);
    declare('more 1', 'syntax = "proto3"; package market; message Symbol { string name = 1; }');
    const schema = `syntax = "proto3"; package market.trades; import "sides.proto"; import "google/protobuf/any.proto";
      enum Side { X = 0; }
      message Trade { market.Symbol symbol = 1; double price = 2; double size = 3; parts.Side side = 4; int64 event_time_ms = 5;
        int64 trade_id = 6; }`;
    declare(9, schema, [{ name: 'sides.proto', subject: 'sides', version: 3 }]);
    const own = open({ fields: { symbol: 'symbol.name' } });
    const parts = [part(1, part(1, 'S17')), ...values.slice(1)];
    expect(await decodeWith(own, { value: framed(9, [0], ...parts) })).toBeNull();
    expect(own.ticks()).toEqual([{ ...tick, side: 1 }]);
    const scopes = 'syntax = "proto3"; enum Side { SELL = 0; BUY = 1; }' + trade.replace(/^[^;]*; package market;/, '');
    expect(await readMessage(scopes, values), 'the inner Side').toEqual([tick]);
    declare(10, schema);
    expect(await decodeWith(own, { value: framed(10, [0], ...parts) })).toMatchObject({
      reason: 'malformed', message: expect.stringContaining('which no schema declares') as string,
    });
  });

  it('may have options of all kinds in its schema, and comments, which look like what they are not', async () => {
    const schema = `// message Comment { }
      syntax = "proto3"; /* message Other = { */ package market;
      option (confluent.file_meta) = { doc: "a \\" } quote", params: [{ key: "k", value: '}' }] }; // }
      message Trade { option (confluent.message_meta) = { doc: "{" tags: [ "a", "b" ] };
        string symbol = 1 [(confluent.field_meta) = { params: [{ value: "2", key: "scale" }, { value: "x", key: "y" }] }, deprecated = true];
        ${fields.split(';').slice(1).join(';')} }`;
    expect(await readMessage(schema, values)).toEqual([tick]);
  });

  it('is refused with its reason', async () => {
    const record = Buffer.concat(values);
    declare(4, 'syntax = "proto3"; message X {');
    declare(3, 'syntax = "proto3"; mess X {}');
    registry.schemas.set(5, { schema: 'int' });
    declare(6, 'syntax = "proto3"; enum Nothing { A = 0; }');
    const ending = (bytes: Buffer): Buffer => framed(7, [0], ...values, bytes);
    const cases: readonly (readonly [Buffer | null, string, RegExp])[] = [
      [null, 'malformed', /no value \(it is a tombstone\)/],
      [Buffer.alloc(0), 'malformed', /does not begin with a zero byte/],
      [Buffer.from('{"price":1}'), 'malformed', /does not begin with a zero byte/],
      [framed(7, [0]).subarray(0, 4), 'malformed', /does not begin with a zero byte/],
      [framed(7, [0]).subarray(0, 5), 'malformed', /not what its schema 7 says: a number is cut off/],
      [framed(7, [0]), 'missing-field', /there is no event_time_ms/],
      [framed(7, [0], record.subarray(0, -1)), 'malformed', /number is cut off \(field 6, byte 36 of 36 behind the id\)/],
      [framed(7, [0], ...values.slice(0, 1), values[1].subarray(0, 5)), 'malformed', /8 bytes should follow, but 4 do \(field 2/],
      [ending(raw(9, 2, varint(400))), 'malformed', /400 bytes should follow, but 0 do/],
      [ending(raw(9, 2, varint(2n ** 64n - 1n))), 'malformed', /bytes should follow, but 0 do/],
      [ending(raw(9, 3)), 'malformed', /a group has no end/],
      [ending(raw(9, 4)), 'malformed', /a group ends that has not begun/],
      [ending(Buffer.concat([raw(9, 3), raw(8, 4)])), 'malformed', /a group ends that has not begun/],
      [ending(Buffer.concat(Array.from({ length: 65 }, () => raw(9, 3)))), 'malformed', /more than 64 groups/],
      [ending(raw(9, 6)), 'malformed', /there is no wire type 6/],
      [ending(Buffer.of(0)), 'malformed', /a field has no number/],
      [ending(raw(2 ** 29, 0, varint(1))), 'malformed', /a field has no number/],
      [ending(raw(9, 0, Buffer.alloc(10, 0xff))), 'malformed', /a number has more than 64 bits/],
      [ending(raw(9, 0, Buffer.alloc(11, 0x80))), 'malformed', /a number has more than 64 bits/],
      [ending(int(2, 5)), 'malformed', /price has wire type 0, where its type has 1/],
      [framed(4, [0], ...values), 'malformed', /schema 4 of the message cannot be used: its text is cut off/],
      [framed(3, [0], ...values), 'malformed', /schema 3 of the message cannot be used: illegal token 'mess'/],
      [framed(5, [0], ...values), 'malformed', /schema 5 of the message is not Protobuf, but AVRO/],
      [framed(6, [0], ...values), 'malformed', /no message type with the indexes \[0\]/],
      [framed(404, [0], ...values), 'malformed', /the schema registry has no schema 404/],
      [framed(7, [0], ...withField(1, double(2, Number.NaN))), 'bad-price', /price "NaN" is no finite/],
      [framed(7, [0], ...withField(4, int(5, 1_767_571_200))), 'bad-time', /not a time of our days in ms/],
      [framed(7, [0], ...withField(0, part(1, Buffer.of(0xc3, 0x28)))), 'bad-symbol', /not valid UTF-8/],
    ];
    for (const [value, reason, message] of cases) {
      const seen = await decodeWith(decoding, { value });
      const wanted = { reason, message: expect.stringMatching(message) as string };
      expect(seen, value?.toString('hex') ?? 'null').toMatchObject(wanted);
    }
    expect(decoding.columns.length).toBe(0);
    declare(2, `syntax = "proto3"; ${'/*'.repeat(100_000)}`);
    const long = await decodeWith(decoding, { value: framed(2, [0], ...values) }) as { message: string };
    expect(long.message.length, 'no half of a schema with each message').toBeLessThan(300);
    const settings = { fields: { price: 'data.price' } };
    const grouped = 'syntax = "proto2"; message Trade { optional group Data = 2 { optional double price = 1; } }';
    expect(await readMessage(grouped, [group(2, double(1, 5))], settings))
      .toMatchObject({ message: expect.stringContaining('fields of groups are not read') as string });
  });

  it('is read as plain arithmetic has it, whatever happens to its bytes and beside them', async () => {
    const { read, ticks, refused } = await fuzzProtobuf(5, 20_000);
    expect(Math.min(read, ticks, refused)).toBeGreaterThan(4_000);
  });

  it('may be cut off anywhere: what is left are whole fields, or it is refused', async () => {
    declare(8, `syntax = "proto3"; message Trades { repeated Trade trades = 3; } message Trade { ${fields} }`);
    for (const whole of [framed(7, [0], ...values), framed(8, [0], part(3, values), part(3, values))]) {
      for (let length = 0; length < whole.length; length++) {
        const seen = await decodeWith(decoding, { value: whole.subarray(0, length), behind: whole.subarray(length) });
        const isWhole = whole[4] === 8 && [6, 6 + (whole.length - 6) / 2].includes(length);
        expect(seen === null, String(length)).toBe(isWhole);
      }
    }
    expect(decoding.ticks()).toEqual([tick]);
  });

  it('makes no code of a schema', () => {
    const tell = `import { decodeWith, Decoding } from './tests/sources/kafka/decoders/decoding.ts';
      import { TestRegistry } from './tests/support/schema-registry.ts';
      const registry = await TestRegistry.start();
      registry.schemas.set(7, { schemaType: 'PROTOBUF', schema: ${JSON.stringify(trade)} });
      const decoding = new Decoding({ format: 'protobuf', schema_registry_url: registry.url });
      const value = Buffer.from('${framed(7, [0], ...values).toString('hex')}', 'hex');
      console.log(JSON.stringify(await decodeWith(decoding, { value }) ?? decoding.ticks()));
      await registry.close();`;
    const flags = ['--disallow-code-generation-from-strings', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', tell];
    const told = execFileSync(process.execPath, flags, { cwd: path.resolve(import.meta.dirname, '../../../..'), encoding: 'utf8' });
    expect(JSON.parse(told)).toEqual([tick]);
  });
});
