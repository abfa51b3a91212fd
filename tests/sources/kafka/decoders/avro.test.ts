import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { branch, bytes, double, float, framed, list, long, text, unscaled } from '../../../support/avro-bytes.ts';
import { eventually } from '../../../support/eventually.ts';
import { send, TestRegistry } from '../../../support/schema-registry.ts';
import { decodeWith, Decoding } from './decoding.ts';

type Values = ConstructorParameters<typeof Decoding>[0];

const fields = [
  { name: 'symbol', type: 'string' },
  { name: 'price', type: 'double' },
  { name: 'size', type: ['null', 'double', 'string'] },
  { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL'] } },
  { name: 'event_time_ms', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'trade_id', type: 'long' },
];
const trade = { type: 'record', name: 'Trade', namespace: 'market', fields };
const values = [text('S17'), double(100.25), branch(1, double(0.5)), long(0), long(1_767_571_200_123), long(123_456)];
const tick = {
  symbol: 'S17', venue: 'home', price: 100.25, size: 0.5, side: 1, eventTimeMs: 1_767_571_200_123, tradeId: 123_456,
};

let registry: TestRegistry;
let decoding: Decoding;

function open(settings: Values = {}): Decoding {
  return new Decoding({ format: 'avro', schema_registry_url: registry.url, ...settings });
}

/** A record of these fields, read. */
async function readRecord(schema: readonly object[], parts: readonly Buffer[], settings: Values = {}): Promise<unknown> {
  registry.schemas.set(9, { schema: { ...trade, fields: schema } });
  const own = open(settings);
  return (await decodeWith(own, { value: framed(9, ...parts) })) ?? own.ticks();
}

beforeEach(async () => {
  registry = await TestRegistry.start();
  registry.schemas.set(7, { schema: trade });
  decoding = open();
});

afterEach(async () => {
  decoding.abort.abort();
  await registry.close();
});

describe('a message of Avro', () => {
  it('waits for its schema, which is fetched once', async () => {
    const message = { value: framed(7, ...values), behind: 'more' };
    const first = decoding.decode(message);
    expect(first).toBeInstanceOf(Promise);
    expect(decoding.decode(message)).toBe(first);
    expect(decoding.columns.length).toBe(0);
    await first;
    decoding.take(message, message);
    expect(decoding.ticks()).toEqual([tick, tick]);
    expect(registry.asked).toEqual(['/registry/schemas/ids/7']);
  });

  it('names its schema in four bytes, the highest first', async () => {
    registry.schemas.set(0x01_02_03_04, { schema: trade });
    expect(await decodeWith(decoding, { value: framed(0x01_02_03_04, ...values) })).toBeNull();
    expect(registry.asked).toEqual(['/registry/schemas/ids/16909060']);
  });

  it('may hold several ticks, all or nothing', async () => {
    registry.schemas.set(8, { schema: { type: 'array', items: trade } });
    const record = Buffer.concat(values);
    expect(await decodeWith(decoding, { value: framed(8, list(record, record)) })).toBeNull();
    expect(decoding.ticks()).toEqual([tick, tick]);
    expect(await decodeWith(decoding, { value: framed(8, list()) })).toBeNull();
    const bad = Buffer.concat([text(''), ...values.slice(1)]);
    expect(await decodeWith(decoding, { value: framed(8, list(record, bad)) })).toEqual({
      reason: 'bad-symbol', message: 'tick 2 of its list: symbol is empty',
    });
    expect(await decodeWith(decoding, { value: framed(8, list(...Array.from({ length: 7 }, () => record))) }))
      .toEqual({ rowsNeeded: 7 });
    expect(decoding.ticks()).toEqual([tick, tick]);
  });

  it('is believed about the unit of its times, whatever the settings say', async () => {
    const cases = [
      ['timestamp-millis', 1_767_571_200_123n, 1_767_571_200_123],
      ['timestamp-micros', 1_767_571_200_123_456n, 1_767_571_200_123.456],
      ['timestamp-nanos', 1_767_571_200_123_456_999n, 1_767_571_200_123.456],
    ] as const;
    for (const [logicalType, value, eventTimeMs] of cases) {
      const time = { name: 'event_time', type: { type: 'long', logicalType } };
      const parts = [...values.slice(0, 4), long(value), values[5]];
      const settings = { event_time_unit: 'iso', fields: { event_time: 'event_time' } } as const;
      const seen = await readRecord([...fields.slice(0, 4), time, fields[5]], parts, settings);
      expect(seen, logicalType).toEqual([{ ...tick, eventTimeMs }]);
    }
    const plain = { name: 't', type: ['null', 'long'] };
    const seen = await readRecord([...fields.slice(0, 4), plain, fields[5]],
      [...values.slice(0, 4), branch(1, long(1_767_571_200_123_456n)), values[5]],
      { event_time_unit: 'us', fields: { event_time: 't' } });
    expect(seen).toEqual([{ ...tick, eventTimeMs: 1_767_571_200_123.456 }]);
  });

  it('may have decimals, floats, texts and nulls', async () => {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 };
    const fixed = { type: 'fixed', name: 'Size', size: 6, logicalType: 'decimal', precision: 10, scale: 2 };
    const sizes = [{ name: 'size', type: fixed }, ...fields.slice(3)];
    const schema = [fields[0], { name: 'price', type: ['null', decimal] }, ...sizes];
    const parts = [values[0], branch(1, bytes(unscaled(1_002_500n, 3))), unscaled(50n, 6), ...values.slice(3)];
    expect(await readRecord(schema, parts)).toEqual([tick]);
    const negative = [values[0], branch(1, bytes(unscaled(-1n, 1))), unscaled(-12_345n, 6), ...values.slice(3)];
    expect(await readRecord(schema, negative)).toEqual([{ ...tick, price: -0.0001, size: -123.45 }]);
    const absent = [values[0], branch(0), unscaled(50n, 6), ...values.slice(3)];
    expect(await readRecord(schema, absent)).toEqual({ reason: 'missing-field', message: 'there is no price' });
    const loose = [fields[0], { name: 'price', type: 'float' }, ...fields.slice(2)];
    const seen = await readRecord(loose, [values[0], float(100.1), branch(2, text('0.5')), ...values.slice(3)]);
    expect(seen, 'the shortest number that is the same in 32 bits').toEqual([{ ...tick, price: 100.1 }]);
  });

  it('keeps ids that a double would lose', async () => {
    const seen = await readRecord(fields, [...values.slice(0, 5), long(9_007_199_254_740_993n)]);
    expect(seen).toEqual([{ ...tick, tradeId: '9007199254740993' }]);
  });

  it('may have its fields in inner records and maps, and its symbol in the key', async () => {
    const inner = { name: 'data', type: ['null', { type: 'record', name: 'Data', fields: fields.slice(1, 3) }] };
    const outer = [inner, { name: 'more', type: { type: 'map', values: 'long' } }, fields[3], fields[4]];
    registry.schemas.set(9, { schema: { ...trade, fields: outer } });
    const own = open({ symbol_from: 'key', fields: { price: 'data.price', size: 'data.size', trade_id: 'more.id' } });
    const more = list(Buffer.concat([text('id'), long(123_456)]));
    const value = framed(9, branch(1, Buffer.concat(values.slice(1, 3))), more, values[3], values[4]);
    for (const key of ['S17', 'S18']) expect(await decodeWith(own, { key, value })).toBeNull();
    expect(own.ticks()).toEqual([tick, { ...tick, symbol: 'S18' }]);
    expect(await decodeWith(own, { key: Buffer.of(0xff), value })).toMatchObject({ reason: 'bad-symbol' });
    expect(await decodeWith(own, { value })).toMatchObject({ reason: 'missing-field' });
  });

  it('may use types of other schemas of the registry', async () => {
    const side = fields[3].type;
    registry.schemas.set('sides 3', { schema: side });
    const used = [...fields.slice(0, 3), { name: 'side', type: 'Side' }, ...fields.slice(4)];
    const references = [{ name: 'Side', subject: 'sides', version: 3 }];
    registry.schemas.set(9, { schema: { type: 'record', name: 'Trade', fields: used }, references });
    expect(await decodeWith(decoding, { value: framed(9, ...values) })).toBeNull();
    expect(decoding.ticks()).toEqual([tick]);
  });

  it('is refused with its reason', async () => {
    const record = Buffer.concat(values);
    registry.schemas.set(3, { schema: 'int' });
    registry.schemas.set(4, { schema: { type: 'record', name: 'X', fields: [{ name: 'x', type: 'nothing' }] } });
    registry.schemas.set(5, { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' });
    const cases: readonly (readonly [Buffer | null, string, RegExp])[] = [
      [null, 'malformed', /no value \(it is a tombstone\)/],
      [Buffer.alloc(0), 'malformed', /does not begin with a zero byte/],
      [Buffer.from('{"price":1}'), 'malformed', /does not begin with a zero byte/],
      [framed(7).subarray(0, 4), 'malformed', /does not begin with a zero byte/],
      [framed(7), 'malformed', /not what its schema 7 says/],
      [framed(7, record.subarray(0, -1)), 'malformed', /not what its schema 7 says/],
      [framed(7, record, long(1)), 'malformed', /not what its schema 7 says/],
      [framed(7, ...values.slice(0, 2), branch(3), ...values.slice(3)), 'malformed', /not what its schema 7 says/],
      [framed(3, long(1)), 'malformed', /no record and no array of records/],
      [framed(4, long(1)), 'malformed', /schema 4 of the message cannot be used/],
      [framed(5, long(1)), 'malformed', /schema 5 of the message is not Avro, but PROTOBUF/],
      [framed(404, long(1)), 'malformed', /the schema registry has no schema 404/],
      [framed(7, ...values.slice(0, 2), branch(0), ...values.slice(3)), 'missing-field', /there is no size/],
      [framed(7, values[0], double(Number.NaN), ...values.slice(2)), 'bad-price', /price "NaN" is no finite/],
      [framed(7, ...values.slice(0, 2), branch(2, text('x')), ...values.slice(3)), 'bad-size', /size "x"/],
      [framed(7, ...values.slice(0, 4), long(1_767_571_200), values[5]), 'bad-time', /not a time of our days in ms/],
      [framed(7, bytes(Buffer.of(0xc3, 0x28)), ...values.slice(1)), 'bad-symbol', /not valid UTF-8/],
    ];
    for (const [value, reason, message] of cases) {
      const seen = await decodeWith(decoding, { value });
      const wanted = { reason, message: expect.stringMatching(message) as string };
      expect(seen, value?.toString('hex') ?? 'null').toMatchObject(wanted);
    }
    expect(await readRecord([...fields.slice(0, 5), { name: 'trade_id', type: 'boolean' }],
      [...values.slice(0, 5), Buffer.of(1)])).toMatchObject({ reason: 'bad-trade-id' });
    expect(decoding.columns.length).toBe(0);
  });

  it('that says it has billions of items in a few bytes is refused at once', async () => {
    const many = Buffer.concat([long(4_000_000_000n), long(1)]);
    const lists = [{ type: 'array', items: 'long' }, { type: 'map', values: 'long' }, { type: 'array', items: 'null' }];
    for (const type of lists) {
      const seen = await readRecord([{ name: 'list', type }], [many]);
      expect(seen, JSON.stringify(type)).toMatchObject({ reason: 'malformed' });
    }
  });

  it('may be damaged anywhere: never a crash, never a tick more than it has', async () => {
    registry.schemas.set(8, { schema: { type: 'array', items: trade } });
    const whole = framed(8, list(Buffer.concat(values), Buffer.concat(values)));
    expect(await decodeWith(decoding, { value: whole })).toBeNull();
    for (let at = 5; at < whole.length; at++) {
      const longer = Buffer.concat([whole.subarray(0, at), Buffer.of(0xff), whole.subarray(at)]);
      for (const value of [whole.subarray(0, at), longer]) {
        decoding.makeRoom(8);
        const seen = await decodeWith(decoding, { value, behind: whole });
        if (value.length < whole.length) expect(seen, String(at)).toMatchObject({ reason: 'malformed' });
        expect(decoding.columns.length).toBe(seen === null ? 2 : 0);
      }
    }
  });
});

describe('a schema registry', () => {
  const message = { value: framed(7, ...values) };

  it('that is down, in trouble or somebody else loses no message: it waits, and says so', async () => {
    const answers: readonly (TestRegistry['answer'])[] = [
      (_request, response) => { response.destroy(); },
      (_request, response) => { send(response, 500, { error_code: 50_001 }); },
      (_request, response) => { send(response, 404, '<html>no such page</html>'); },
      (_request, response) => { send(response, 200, 'welcome'); },
      (_request, response) => { send(response, 200, 'x'.repeat(5_000_000)); },
    ];
    for (const answer of answers) {
      registry.answer = answer;
      const own = open();
      const waiting = own.decode(message);
      let isDone = false;
      const done = (waiting as Promise<void>).then(() => { isDone = true; });
      await eventually(() => own.clock.sleepers === 1);
      await own.clock.advance(500);
      await eventually(() => own.clock.sleepers === 1 && own.troubles.length === 2);
      expect(isDone).toBe(false);
      expect(own.troubles[1]).toContain(`Schema 7 cannot be fetched, and is tried again: ${registry.url}/schemas/ids/7`);
      registry.answer = null;
      await own.clock.advance(1_000);
      await done;
      own.take(message);
      expect(own.ticks()).toEqual([tick]);
    }
  });

  it('that nobody listens at is tried again, and no longer when the reading ends', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    silent.close();
    await once(silent, 'close');
    const own = open({ schema_registry_url: `http://127.0.0.1:${port}` });
    const waiting = own.decode(message);
    await eventually(() => own.clock.sleepers === 1);
    expect(own.troubles[0]).toContain('ECONNREFUSED');
    own.abort.abort();
    await waiting;
    expect(own.clock.sleepers).toBe(0);
  });

  it('is left alone for a while after it has said that it has no such schema', async () => {
    const unknown = { value: framed(12, ...values) };
    expect(await decodeWith(decoding, unknown)).toMatchObject({ reason: 'malformed' });
    expect(await decodeWith(decoding, unknown)).toMatchObject({ reason: 'malformed' });
    expect(registry.asked).toHaveLength(1);
    registry.schemas.set(12, { schema: trade });
    await decoding.clock.advance(10_000);
    expect(await decodeWith(decoding, unknown)).toBeNull();
  });

  it('may want a name and a password; without them nothing is read and somebody is told what to do', async () => {
    registry.login = 'mdp:secret';
    const own = open({ schema_registry_username: 'mdp', schema_registry_password: 'secret' });
    expect(await decodeWith(own, message)).toBeNull();
    await expect(decodeWith(decoding, message)).rejects.toMatchObject({
      code: 'source-failed', message: expect.stringContaining('Check schema_registry_username') as string,
    });
  });

  it('whose address makes no sense is refused', () => {
    for (const url of [null, '', 'registry', 'ftp://127.0.0.1/', 'http://user:word@127.0.0.1/']) {
      expect(() => open({ schema_registry_url: url }), String(url)).toThrow(/schema_registry_url/);
    }
  });
});
