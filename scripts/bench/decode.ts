/**
 * Ticks read from messages where they stand, beside JSON.parse of the same bytes. No broker, no batches handed on: only the
 * decoders. CPU seconds, the best of five parts: others may use the machine too.
 */
import { Decoding, messageOf } from '../../tests/sources/kafka/decoders/decoding.ts';
import { double, framed, long, text } from '../../tests/support/avro-bytes.ts';
import * as protobuf from '../../tests/support/protobuf-bytes.ts';
import { TestRegistry, type TestSchema } from '../../tests/support/schema-registry.ts';
import type { Message } from '../../src/sources/kafka/decoders/decoder.ts';
import type { BenchRow } from './row.ts';

const messages = 20_000;
const symbols = 200;
const lastsMs = 2_000;

type Values = ConstructorParameters<typeof Decoding>[0];

interface Case {
  readonly name: string;
  readonly ticks: number;
  readonly values: Values;
  readonly value: (n: number) => string;
}

const plain = (n: number): string =>
  `{"symbol":"S${n % symbols}","price":${100 + (n % 1_000) / 4},"size":${(n % 7) / 2 + 0.5},` +
  `"side":"${n % 2 === 0 ? 'buy' : 'sell'}","ts":${1_767_571_200_123 + n},"trade_id":${123_456 + n}}`;
const list = (n: number): string => `[${Array.from({ length: 20 }, (_, index) => plain(n + index)).join()}]`;
const around = '"info":{"e":"trade","a":[1,2],"maker":false,"x":null},"fee":{"cost":0.01,"rate":1e-05}';
const fields = { event_time: 'ts' };
const inner = {
  symbol: 'd.symbol', price: 'd.price', size: 'd.size', side: 'd.side', event_time: 'd.ts', trade_id: 'd.trade_id',
};

const cases: readonly Case[] = [
  { name: 'a tick a message', ticks: 1, values: { fields }, value: plain },
  { name: 'arrays of 20', ticks: 20, values: { fields }, value: list },
  { name: 'in an inner object', ticks: 1, values: { fields: inner }, value: (n) => `{"e":"trade","d":${plain(n)}}` },
  {
    name: 'with as much again that nobody asks for', ticks: 1, values: { fields },
    value: (n) => `{${around},${plain(n).slice(1)}`,
  },
  { name: 'with an escape, for the judge', ticks: 1, values: { fields }, value: (n) => plain(n).replace('"S', '"\\u0053') },
];

export async function benchDecode(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, ticks, values, value } of cases) {
    const texts = Array.from({ length: messages }, (_, n) => value(n));
    const all = texts.map((one) => messageOf({ value: one }));
    const parsed = measure(() => {
      for (const { bytes, valueStart, valueEnd } of all) JSON.parse(bytes.toString('utf8', valueStart, valueEnd));
      return messages * ticks;
    });
    const decoding = new Decoding({ ...values, ids: 'monotone' }, 1_000);
    rows.push(row(`JSON ticks: ${name}`, measure(() => decodeAll(decoding, all, ticks)), parsed));
  }
  rows.push(row('Avro ticks: a tick a message', await schemaTicks('avro', avroSchema, avroTick), 0));
  rows.push(row('Protobuf ticks: a tick a message', await schemaTicks('protobuf', protobufSchema, protobufTick), 0));
  return rows;
}

function row(name: string, value: number, limit: number): BenchRow {
  return { name, value, unit: 'ticks/s', limitName: 'JSON.parse of the same', limit, aim: 'a CPU second' };
}

function decodeAll(decoding: Decoding, all: readonly Message[], ticks: number): number {
  for (const message of all) {
    if (decoding.columns.length + ticks > decoding.columns.capacity) decoding.columns.clear();
    const decoded = decoding.decoder.decode(message, decoding.columns);
    if (decoded !== null) throw new Error(JSON.stringify(decoded));
  }
  return messages * ticks;
}

const avroSchema: TestSchema = {
  schema: {
    type: 'record', name: 'Trade', fields: [
      { name: 'symbol', type: 'string' }, { name: 'price', type: 'double' }, { name: 'size', type: 'double' },
      { name: 'ts', type: { type: 'long', logicalType: 'timestamp-millis' } }, { name: 'trade_id', type: 'long' },
    ],
  },
};
const avroTick = (n: number): Buffer =>
  framed(1, text(`S${n % symbols}`), double(100 + n / 4), double(0.5), long(1_767_571_200_123 + n), long(n));

const protobufSchema: TestSchema = {
  schemaType: 'PROTOBUF',
  schema: 'syntax = "proto3"; message Trade { string symbol = 1; double price = 2; double size = 3; int64 ts = 4; int64 trade_id = 5; }',
};
const protobufTick = (n: number): Buffer => protobuf.framed(1, [0], protobuf.part(1, `S${n % symbols}`), protobuf.double(2, 100 + n / 4),
  protobuf.double(3, 0.5), protobuf.int(4, 1_767_571_200_123 + n), protobuf.int(5, n));

async function schemaTicks(format: 'avro' | 'protobuf', schema: TestSchema, value: (n: number) => Buffer): Promise<number> {
  const registry = await TestRegistry.start();
  registry.schemas.set(1, schema);
  const decoding = new Decoding({ fields, format, ids: 'monotone', schema_registry_url: registry.url }, 1_000);
  const all = Array.from({ length: messages }, (_, n) => messageOf({ value: value(n) }));
  await decoding.decoder.decode(all[0], decoding.columns);
  await registry.close();
  return measure(() => decodeAll(decoding, all, 1));
}

function measure(read: () => number): number {
  let best = 0;
  for (let part = 0; part < 5; part++) {
    const before = process.threadCpuUsage();
    let [ticks, usedMs] = [0, 0];
    while (usedMs < lastsMs / 5) {
      ticks += read();
      const { user, system } = process.threadCpuUsage(before);
      usedMs = (user + system) / 1_000;
    }
    best = Math.max(best, (ticks / usedMs) * 1_000);
  }
  return best;
}
