/**
 * Writes ticks as JSON, a message each, to a topic at a steady rate, a process of its own, until it is ended: each tick
 * carries the moment at which it was made. It speaks the protocol of the brokers itself (Produce v3, record batches v2),
 * because a producer that takes a core would take it from what is measured. What could not be written in time is made up for.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const crc32C = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
const [bootstrap, topic, rate, symbols, partitions] = process.argv.slice(2);
const [perSecond, symbolCount, partitionCount] = [Number(rate), Number(symbols), Number(partitions)];
const everyMs = 5;
/** Brokers take 1 MiB in a batch, and a record has some 110 bytes. */
const ticksPerCallMax = 20_000;
const prices = 16;
const headerBytes = 61;
const timePattern = '0000000000000.000';

/** Of each symbol and price what stands in a record behind its offset; the time is put in at its end. */
const records = Array.from({ length: symbolCount * prices }, (_, index) => {
  const [symbol, price] = [Math.floor(index / prices), index % prices];
  const value = Buffer.from(`{"symbol":"S${symbol}","price":${100 + symbol + price / 100},"size":${1 + (price % 5) / 10},` +
    `"side":"${price % 3 === 0 ? 'sell' : 'buy'}","ts":${timePattern}}`);
  return Buffer.concat([varint(-1), varint(value.length), value, varint(0)]);
});
const timeFromEnd = timePattern.length + 2; // The brace behind it, and the number of headers.

const [host, port] = bootstrap.split(':');
const socket = connect({ host, port: Number(port), noDelay: true });
await once(socket, 'connect');
const startMs = performance.now();
const scratch = Buffer.alloc(4 << 20);
let made = 0;
for (;;) {
  const sinceMs = performance.now() - startMs;
  const due = Math.min(Math.floor((sinceMs * perSecond) / 1_000) - made, ticksPerCallMax);
  if (due > 0) await write(due);
  const restMs = everyMs - (performance.now() - startMs - sinceMs);
  if (restMs > 0) await new Promise((resolve) => { setTimeout(resolve, restMs); });
}

async function write(count: number): Promise<void> {
  const time = Buffer.from((performance.timeOrigin + performance.now()).toFixed(3));
  const batches = Array.from({ length: partitionCount }, (_, partition) => batchOf(partition, count, time));
  made += count;
  const parts = batches.flatMap((batch, partition) => (batch === null ? [] : [int32(partition), int32(batch.length), batch]));
  const body = Buffer.concat([
    int16(0), int16(3), int32(made), text('bench'), int16(-1), int16(1), int32(30_000), int32(1), text(topic), int32(parts.length / 3), ...parts,
  ]);
  socket.write(Buffer.concat([int32(body.length), body]));
  refuseFaults(await answer());
}

/** The ticks of the call that go to one partition; a symbol always goes to the same. */
function batchOf(partition: number, count: number, time: Buffer): Buffer | null {
  let [at, found] = [headerBytes, 0];
  for (let tick = made; tick < made + count; tick++) {
    const symbol = (tick * 7_919) % symbolCount;
    if (symbol % partitionCount !== partition) continue;
    const record = records[symbol * prices + (tick % prices)];
    const offset = varint(found++);
    const length = varint(2 + offset.length + record.length);
    at += length.copy(scratch, at);
    scratch.writeInt16BE(0, at); // No attributes, and the time of the batch.
    at += 2;
    at += offset.copy(scratch, at);
    at += record.copy(scratch, at);
    time.copy(scratch, at - timeFromEnd);
  }
  return found === 0 ? null : sealed(Buffer.from(scratch.subarray(0, at)), found);
}

/** With its header: no producer id, no compression. */
function sealed(batch: Buffer, count: number): Buffer {
  const nowMs = BigInt(Date.now());
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(0, 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(nowMs, 27);
  batch.writeBigInt64BE(nowMs, 35);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(crc32C(batch.subarray(21)) >>> 0, 17);
  return batch;
}

/** The body of the next answer. */
async function answer(): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) {
    const [chunk] = await once(socket, 'data') as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes.subarray(4);
}

function refuseFaults(body: Buffer): void {
  let at = 8; // Correlation, and the number of topics.
  at += 2 + body.readInt16BE(at);
  const count = body.readInt32BE(at);
  at += 4;
  for (let index = 0; index < count; index++, at += 22) {
    const fault = body.readInt16BE(at + 4);
    if (fault !== 0) throw new Error(`The broker refuses what is written to partition ${body.readInt32BE(at)}: error ${fault}`);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)]);
}
