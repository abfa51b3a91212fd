import { double, fixed64, float, framed, group, int, part, sint } from '../../../support/protobuf-bytes.ts';
import { TestRegistry } from '../../../support/schema-registry.ts';
import { damaged } from '../../scan/random-lines.ts';
import { oracleTick, type OracleTick } from '../../scan/record-oracle.ts';
import { TestRandom } from '../../scan/test-random.ts';
import { decodeWith, Decoding } from './decoding.ts';
import { checkDecoded, type FuzzCounts } from './fuzz-messages.ts';

const schema = `syntax = "proto3"; package market;
  message Trade {
    string symbol = 1; double price = 2; Inner inner = 3; Side side = 4; map<string, sint64> times = 5;
    oneof id { uint64 trade_id = 6; string words = 7; } repeated int32 list = 8; fixed64 more = 9;
    message Inner { float size = 1; string venue = 2; }
  }
  message Trades { repeated Trade trades = 1; }
  enum Side { SIDE_UNSPECIFIED = 0; SIDE_BUY = 1; SIDE_SELL = 2; }`;
const settings = {
  format: 'protobuf', symbol: 'DEF', fields: { size: 'inner.size', venue: 'inner.venue', event_time: 'times.at' },
} as const;
const schemaId = 7;
const prologueBytes = 5;

/**
 * Damaged messages of Protobuf among others, against a reader that shares nothing with the program's: equal ticks or equal
 * refusal. Throws with seed, case and value at the first difference.
 */
export async function fuzzProtobuf(seed: number, cases: number): Promise<FuzzCounts> {
  const random = new TestRandom(seed);
  const counts: FuzzCounts = { read: 0, ticks: 0, refused: 0, again: 0 };
  const decoding = await openDecoding();
  for (let n = 0; n < cases; n++) {
    const whole = randomMessage(random);
    const value = Buffer.concat([whole.subarray(0, prologueBytes), damaged(whole.subarray(prologueBytes), random)]);
    const where = `seed ${seed}, case ${n}, value ${value.toString('hex')}`;
    const parts = { value, before: random.pick(['', '\u0000', 'x']), behind: random.pick(['', '\u0000', '\u0008\u0001', whole]) };
    checkDecoded({ setup: { decoding }, parts, wanted: oracleTicks(value), where, counts });
    if (random.below(10) === 0) decoding.makeRoom(1 + random.below(8));
  }
  return counts;
}

/** One that has its schema. */
async function openDecoding(): Promise<Decoding> {
  const registry = await TestRegistry.start();
  registry.schemas.set(schemaId, { schema, schemaType: 'PROTOBUF' });
  const decoding = new Decoding({ ...settings, schema_registry_url: registry.url });
  await decodeWith(decoding, { value: framed(schemaId, [0]) });
  await registry.close();
  return decoding;
}

function randomMessage(random: TestRandom): Buffer {
  if (random.below(3) > 0) return framed(schemaId, [0], ...randomTrade(random));
  return framed(schemaId, [1], ...Array.from({ length: random.below(5) }, () => part(1, randomTrade(random))));
}

function randomTrade(random: TestRandom): Buffer[] {
  /** Mostly the first. */
  const rarely = <T>(...values: readonly T[]): T => random.below(12) > 0 ? values[0] : random.pick(values);
  const size = (): Buffer => float(1, random.pick([0.1, 5, 1 / 3, 67_123.45]));
  const at = [sint(2, rarely(1_767_571_200_123, 1_767_571_200)), part(1, rarely('at', 'x'))];
  const fields = [
    part(1, random.pick(['XRPETH', 'BTC-USDT', 'ÄÖ'])), double(2, random.pick([0.1, 100.25, -7, 1e300])), part(3, [size(), part(2, 'Y')]),
    rarely(part(3, size()), part(3, part(2, 'X'))), int(4, rarely(random.pick([0, 1, 2]), 3, -1)), part(5, random.below(3) === 0 ? at.toReversed() : at),
    int(6, random.pick([1n, 2n ** 53n + 1n, 2n ** 64n - 1n])),
  ];
  const others = [
    part(5, part(1, 'other')), part(7, 'words'), part(8, [Buffer.of(1, 2)]), int(8, 3), fixed64(9, 5n), group(15, int(1, 5)),
    part(100, 'unknown'), double(2, 0.5), int(6, 7),
  ];
  if (random.below(2) === 0) fields.splice(random.below(fields.length), random.below(2), random.pick(others));
  return fields;
}

/** Of a message's fields as they stand in it, by their numbers: the wire type and the value. */
type WireField = readonly [number: number, type: number, value: bigint | Buffer];

/** Null: it is refused. */
function oracleTicks(message: Buffer): readonly OracleTick[] | null {
  try {
    const rest = { bytes: message.subarray(prologueBytes) };
    const count = signed(takeVarint(rest));
    const indexes = count === 0n ? [0] : Array.from({ length: Number(count) }, () => Number(signed(takeVarint(rest))));
    const isOne = indexes.join() === '0';
    if (!isOne && indexes.join() !== '1') return null;
    const records = isOne ? [rest.bytes] : wireFields(rest.bytes).flatMap((field) => field[0] === 1 ? [ofType(field, 2)] : []);
    const ticks = records.map((record) => oracleOf(record as Buffer));
    return ticks.every((tick) => tick !== null) ? ticks : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function oracleOf(record: Buffer): OracleTick | null {
  const texts = new Map<string, string>([['side', '']]);
  for (const field of wireFields(record)) {
    if (field[0] === 1) texts.set('symbol', String(ofType(field, 2)));
    if (field[0] === 2) texts.set('price', String((ofType(field, 1) as Buffer).readDoubleLE()));
    if (field[0] === 3) {
      for (const inner of wireFields(ofType(field, 2) as Buffer)) {
        if (inner[0] === 1) texts.set('size', String(shortest((ofType(inner, 5) as Buffer).readFloatLE())));
        if (inner[0] === 2) texts.set('venue', String(ofType(inner, 2)));
      }
    }
    if (field[0] === 4) {
      const value = BigInt.asIntN(32, ofType(field, 0) as bigint);
      texts.set('side', ['', 'buy', 'sell'][Number(value)] ?? String(value));
    }
    if (field[0] === 5) {
      let [key, value] = ['', 0n];
      for (const inner of wireFields(ofType(field, 2) as Buffer)) {
        if (inner[0] === 1) key = String(ofType(inner, 2));
        if (inner[0] === 2) value = signed(ofType(inner, 0) as bigint);
      }
      if (key === 'at') texts.set('event_time_ms', String(value));
    }
    if (field[0] === 6) texts.set('trade_id', String(ofType(field, 0)));
    if (field[0] === 7) texts.delete('trade_id');
  }
  return oracleTick(texts, { ids: 'unique', defaultSymbol: settings.symbol, venue: 'home' }, false);
}

function ofType([, type, value]: WireField, wanted: number): bigint | Buffer {
  if (type !== wanted) throw new RangeError('another wire type');
  return value;
}

/** Groups are passed by, with all that is in them. */
function wireFields(message: Buffer, open: readonly number[] = []): WireField[] {
  const rest = { bytes: message };
  const fields: WireField[] = [];
  const groups = [...open];
  while (rest.bytes.length > 0) {
    const tag = takeVarint(rest);
    const [number, type] = [Number(tag / 8n), Number(tag % 8n)];
    if (number < 1 || number >= 2 ** 29 || type > 5) throw new RangeError('no field');
    if (type === 3) groups.push(number);
    else if (type === 4 && groups.pop() !== number) throw new RangeError('no group');
    const value = type === 0 ? takeVarint(rest) : type === 3 || type === 4 ? 0n : take(rest, type === 1 ? 8n : type === 5 ? 4n : takeVarint(rest));
    // A group says that it is a value of its field, which it is where it is not in another.
    if (groups.length === 0 && type !== 4) fields.push([number, type, value]);
    else if (groups.length === 1 && type === 3) fields.push([number, type, value]);
  }
  if (groups.length > 0) throw new RangeError('a group is open');
  return fields;
}

function take(rest: { bytes: Buffer }, count: bigint): Buffer {
  if (count > BigInt(rest.bytes.length)) throw new RangeError('cut off');
  const taken = rest.bytes.subarray(0, Number(count));
  rest.bytes = rest.bytes.subarray(Number(count));
  return taken;
}

function takeVarint(rest: { bytes: Buffer }): bigint {
  const length = rest.bytes.findIndex((byte) => byte < 128) + 1;
  if (length === 0 || length > 10) throw new RangeError('no varint');
  const value = take(rest, BigInt(length)).reduceRight((sum, byte) => sum * 128n + BigInt(byte % 128), 0n);
  if (value >= 2n ** 64n) throw new RangeError('more than 64 bits');
  return value;
}

function signed(zigzag: bigint): bigint {
  return zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
}

/** Of the doubles that round to it the one with the fewest digits. */
function shortest(value: number): number {
  const digits = Array.from({ length: 9 }, (_, more) => Number(value.toExponential(more)));
  return digits.find((candidate) => Math.fround(candidate) === value) ?? value;
}
