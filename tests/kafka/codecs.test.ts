import { gzipSync, zstdCompressSync } from 'node:zlib';
import { CompressionTypes } from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Kafka } from '../../src/kafka/client.ts';
import { decompress } from '../../src/kafka/codecs.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';

const numbers = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
type CodecName = keyof typeof numbers;
const names = Object.keys(numbers) as CodecName[];
const kafkajsTypes = {
  gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD,
} as const;

/** More than one block of every codec, and hard to guess here and there. */
const records = Array.from({ length: 4_000 }, (_, index) => ({
  key: `SYM${index % 17}`, timestampMs: 1_700_000_000_000 + index,
  value: JSON.stringify({ price: Math.sin(index) * 1e4, size: index % 97, id: Math.imul(index, 2_654_435_761) }),
}));
const why = whyNoKafka();

describe.skipIf(why !== null)(`codecs of real batches${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start();
    await kafka.createTopic('plain');
    await kafka.produce('plain', records, { batchBytes: 1_000_000 });
  });
  afterAll(() => kafka.dispose());

  it.each(names)('%s of Kafka\'s own producer becomes the records that it writes without a codec', async (name) => {
    await kafka.createTopic(name);
    await kafka.produce(name, records, { codec: name, batchBytes: 1_000_000 });
    const plain = batchesOf(kafka.segment('plain', 0));
    const compressed = batchesOf(kafka.segment(name, 0));
    expect(compressed.map(({ codec }) => codec)).toEqual([numbers[name]]);
    expect(plain.map(({ codec }) => codec)).toEqual([0]);
    const restored = decompress(numbers[name], compressed[0].records);
    expect(restored.equals(plain[0].records)).toBe(true);
  });

  it.each(names)('%s of Kafka\'s own producer is read by kafkajs', async (name) => {
    const consumer = clientOf(kafka).consumer({ groupId: name, maxWaitTimeInMs: 100 });
    const values: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => { values.push(String(message.value)); } });
    await eventually(() => values.length >= records.length);
    await consumer.disconnect();
    expect(values).toEqual(records.map(({ value }) => value));
  });

  it.each(names)('%s of kafkajs is read by Kafka\'s own consumer', async (name) => {
    await kafka.createTopic(`${name}-by-kafkajs`);
    const producer = clientOf(kafka).producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    const messages = records.map(({ key, value }) => ({ key, value }));
    await producer.send({ topic: `${name}-by-kafkajs`, compression: kafkajsTypes[name], messages });
    await producer.disconnect();
    expect(batchesOf(kafka.segment(`${name}-by-kafkajs`, 0)).map(({ codec }) => codec)).toEqual([numbers[name]]);
    const read = await kafka.read(`${name}-by-kafkajs`);
    expect(read.map(({ value }) => String(value))).toEqual(records.map(({ value }) => value));
  });
});

const text = Buffer.from(records.map(({ value }) => value).join(''));
const compressors: Readonly<Record<CodecName, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes), snappy: (bytes) => compressSync(bytes),
  lz4: (bytes) => compressFrameSync(bytes), zstd: (bytes) => zstdCompressSync(bytes),
};

describe('a compressed batch', () => {
  it.each(names)('of %s is given back, whether it is small, large, empty or not to be compressed', (name) => {
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 13));
    for (const bytes of [text, text.subarray(0, 10), Buffer.alloc(0), noise, Buffer.alloc(1_000_000)]) {
      expect(decompress(numbers[name], compressors[name](bytes)).equals(bytes)).toBe(true);
    }
  });

  it.each(names)('of %s is refused when it becomes larger than allowed', (name) => {
    const bomb = compressors[name](Buffer.alloc(1_000_000));
    expect(() => decompress(numbers[name], bomb, 999_999)).toThrow();
    expect(decompress(numbers[name], bomb, 1_000_000)).toHaveLength(1_000_000);
  });

  it.each(names)('of %s is refused when it is cut off, wherever', (name) => {
    const whole = compressors[name](text.subarray(0, 2_000));
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
    const accepted = cuts.filter((cut) => succeeds(() => decompress(numbers[name], cut)));
    expect(accepted.map((cut) => cut.length)).toEqual([]);
  });

  it.each(names)('of %s that is damaged is refused or becomes something, and never ends the process', (name) => {
    const whole = compressors[name](text.subarray(0, 2_000));
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1 << at % 8;
      succeeds(() => decompress(numbers[name], damaged, 1_000_000));
    }
  });

  it('of an unknown codec is refused with its number', () => {
    expect(() => decompress(5, text)).toThrow('codec 5, which is not one of 1 (gzip), 2 (snappy), 3 (lz4), 4 (zstd)');
  });

  it('of Snappy may be one raw block or the row of blocks that Java writes', () => {
    const blocks = [text.subarray(0, 5_000), text.subarray(5_000)].map((piece) => compressSync(piece));
    const header = Buffer.concat([Buffer.from([0x82]), Buffer.from('SNAPPY\0'), int32(1), int32(1)]);
    const xerial = Buffer.concat([header, ...blocks.flatMap((block) => [int32(block.length), block])]);
    expect(decompress(numbers.snappy, xerial).equals(text)).toBe(true);
    expect(decompress(numbers.snappy, compressSync(text)).equals(text)).toBe(true);
    expect(() => decompress(numbers.snappy, xerial.subarray(0, -1))).toThrow('ends inside a Snappy block');
    expect(() => decompress(numbers.snappy, xerial, text.length - 1)).toThrow(`becomes ${text.length} bytes`);
  });

  it('of LZ4 may consist of plain blocks, and of such that repeat what stands in those before them', () => {
    const first = text.subarray(0, 60_000);
    const plain = Buffer.concat([int32LittleEndian(0x8000_0000 + first.length), first]);
    // No literals and 8 bytes from 100 back; then five literals. A block ends with literals.
    const sequence = Buffer.from([0x04, 100, 0, 0x50, ...Buffer.from('fives')]);
    const linked = Buffer.concat([int32LittleEndian(sequence.length), sequence]);
    // Magic; flags, of which 0x20 says that blocks stand on their own; block size; checksum of these two; blocks; the end.
    const frame = (head: string, ...blocks: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from(head, 'hex'), ...blocks, int32LittleEndian(0)]);
    expect(decompress(numbers.lz4, frame('04224d18604082', plain)).equals(first)).toBe(true);
    const repeated = [first, first.subarray(-100, -92), Buffer.from('fives')];
    expect(decompress(numbers.lz4, frame('04224d184040c0', plain, linked)).equals(Buffer.concat(repeated))).toBe(true);
    expect(() => decompress(numbers.lz4, frame('04224d18604082', plain, linked))).toThrow();
  });

  it('of LZ4 with a dictionary, of another version or with a block larger than it says is refused', () => {
    for (const start of ['04224d186140', '04224d18a040', '04224d18']) {
      expect(() => decompress(numbers.lz4, Buffer.from(`${start}0000000000`, 'hex'))).toThrow('LZ4');
    }
    const head = Buffer.from('04224d18604082', 'hex');
    const large = Buffer.concat([head, int32LittleEndian(0x8001_0001), Buffer.alloc(65_541)]);
    expect(() => decompress(numbers.lz4, large)).toThrow('ends inside an LZ4 block');
  });
});

interface StoredBatch { readonly codec: number; readonly records: Buffer }

/** Layout: https://kafka.apache.org/documentation/#recordbatch. */
function batchesOf(segment: Buffer): StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (let at = 0; at < segment.length;) {
    const end = at + 12 + segment.readInt32BE(at + 8);
    batches.push({ codec: segment.readInt16BE(at + 21) & 7, records: segment.subarray(at + 61, end) });
    at = end;
  }
  return batches;
}

function clientOf(kafka: TestKafka): Kafka {
  return createClient({
    values: {
      brokers: [kafka.bootstrap], client_id: 'test', connect_timeout_ms: 5_000, request_timeout_ms: 10_000,
      sasl: { mechanism: 'none', username: null, password: null },
      ssl: { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true },
    },
    log: () => {},
  });
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int32LittleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
