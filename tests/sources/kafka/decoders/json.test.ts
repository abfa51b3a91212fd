import { describe, expect, it, vi } from 'vitest';
import { Decoding, type MessageParts } from './decoding.ts';
import { fuzzMessages } from './fuzz-messages.ts';

const plain =
  '{"symbol":"S17","price":100.25,"size":0.5,"side":"buy","event_time_ms":1767571200123,"trade_id":123456}';
const tick = {
  symbol: 'S17', venue: 'home', price: 100.25, size: 0.5, side: 1, eventTimeMs: 1_767_571_200_123, tradeId: 123_456,
};

const parsed: unknown = JSON.parse(plain);

type Values = ConstructorParameters<typeof Decoding>[0];

/**
 * What becomes of one message. Its names are known from another one: of new ones the scanner says nothing, whatever
 * else it makes of the message.
 */
function read(value: MessageParts | string | Buffer, values: Values = {}): unknown {
  const decoding = new Decoding(values);
  const parts = typeof value === 'string' || Buffer.isBuffer(value) ? { value } : value;
  knowNames(decoding);
  return decoding.decode(parts) ?? decoding.ticks();
}

function knowNames(decoding: Decoding): void {
  const numbers = { price: 1, size: 1, event_time_ms: 1_767_571_200_123, trade_id: 1 };
  const [p, q, at] = [1, 1, 1_767_571_200_123];
  const everywhere = { ...numbers, symbol: 'S17', s: 'S17', id: 1, data: { p, q, time: { at } } };
  const decoded = decoding.decode({ key: 'S17', value: JSON.stringify(everywhere) });
  if (decoded === null) decoding.makeRoom(8);
}

/** Calls JSON.parse nowhere. */
function scanned(value: MessageParts | string, values: Values = {}): unknown {
  const decoding = new Decoding(values);
  const parts = typeof value === 'string' ? { value } : value;
  decoding.take(parts); // Names that are new are judged once.
  decoding.makeRoom(8);
  const parse = vi.spyOn(JSON, 'parse').mockImplementation(() => { throw new Error('JSON.parse was called'); });
  try {
    return decoding.decode(parts) ?? decoding.ticks();
  } finally {
    parse.mockRestore();
  }
}

function wrongAt(byte: number, of: number): string {
  return `tick 2 of its list: the message is no JSON list of objects: it goes wrong at byte ${byte} of ${of}`;
}

describe('a message of JSON', () => {
  it('holds one tick or several, with line feeds and blanks as people like them', () => {
    expect(scanned(plain)).toEqual([tick]);
    expect(scanned(`[${plain},${plain.replace('100.25', '7')}]`)).toEqual([tick, { ...tick, price: 7 }]);
    const pretty = JSON.stringify([parsed, parsed], null, 2);
    expect(scanned(`\r\n${pretty}\n`)).toEqual([tick, tick]);
    expect(scanned(JSON.stringify(parsed, null, '\t'))).toEqual([tick]);
  });

  it('that is an empty array has no tick and no fault', () => {
    expect(scanned('[]')).toEqual([]);
    expect(scanned(' [ \n] ')).toEqual([]);
  });

  it('ends where it ends, whatever stands behind it', () => {
    for (const behind of ['', '}', ']', '5', ',"price":9}', `,${plain}]`, plain, ' \n', '"', ':1}']) {
      expect(scanned({ value: plain, behind }), behind).toEqual([tick]);
      expect(scanned({ value: `[${plain}]`, behind }), behind).toEqual([tick]);
      expect(scanned({ value: `${plain} `, behind }), behind).toEqual([tick]);
    }
  });

  it('that is cut off is not completed by the bytes behind it, at any byte', () => {
    for (const whole of [plain, `[${plain}]`, `[${plain},${plain}]`, ` ${plain}`]) {
      for (let end = 0; end < whole.length; end++) {
        const seen = read({ value: whole.slice(0, end), behind: whole.slice(end) });
        expect(seen, whole.slice(0, end)).toMatchObject({ reason: 'malformed' });
      }
    }
  });

  it('may have its fields in inner objects', () => {
    const fields = { symbol: 's', price: 'data.p', size: 'data.q', event_time: 'data.time.at', trade_id: 'id' };
    const value = '{"s":"S17","data":{"p":"100.25","x":null,"q":0.5,"time":{"at":1767571200123}},"side":"buy","id":123456}';
    expect(scanned(value, { fields })).toEqual([tick]);
    for (const wrong of ['"data":5', '"data":{}', '"data":{"p":1}', '"data":[{"p":1,"q":1,"time":{"at":1767571200123}}]']) {
      const last = read(`${value.slice(0, -1)},${wrong}}`, { fields });
      expect(last, wrong).toMatchObject({ reason: 'missing-field' });
    }
    expect(read(value.replace('data', 'd\\u0061ta'), { fields })).toEqual([tick]);
  });

  it('may have hundreds of members that nobody asks for, in any order', () => {
    const others = (from: number): string => Array.from({ length: 150 }, (_, n) => `"k${from + n}":{"price":${n}},`).join('');
    const members = plain.slice(1, -1).split(',');
    for (const rotated of members.keys()) {
      const turned = [...members.slice(rotated), ...members.slice(0, rotated)];
      expect(scanned(`{${turned.map((member, n) => others(n * 7) + member).join()}}`)).toEqual([tick]);
    }
  });

  it('may have its symbol in the key, each its own', () => {
    const values = { symbol_from: 'key' } as const;
    expect(scanned({ key: 'BTC-USDT', value: plain }, values)).toEqual([{ ...tick, symbol: 'BTC-USDT' }]);
    const decoding = new Decoding({ ...values, symbol: 'REST' });
    for (const key of ['A', 'B', null, '__proto__', 'AB', 'A', null]) decoding.take({ key, value: `[${plain}]` });
    expect(decoding.ticks().map(({ symbol }) => symbol)).toEqual(['A', 'B', 'REST', '__proto__', 'AB', 'A', 'REST']);
    expect(read({ key: null, value: plain }, values)).toEqual({
      reason: 'missing-field', message: 'there is no key, and the source sets no symbol',
    });
    for (const key of ['', 'x'.repeat(65), 'a\u0000b', Buffer.of(0xc3, 0x28)]) {
      expect(read({ key, value: plain }, values), String(key)).toMatchObject({ reason: 'bad-symbol' });
    }
  });

  it('is all or nothing: one bad tick of an array refuses it, and says which', () => {
    const decoding = new Decoding({ ids: 'monotone' });
    decoding.take({ value: plain });
    const bad = plain.replace('100.25', '"12345678901234567890.5"').replace('123456}', '"x"}');
    expect(decoding.decode({ value: `[${plain},${plain.replace('0.5', '0.12345678901234567891')},${bad}]` })).toEqual({
      reason: 'bad-trade-id',
      message: 'tick 3 of its list: trade id "x" is not a whole number from 0 to 2^53 - 1, as ids: monotone promises',
    });
    expect(decoding.columns.inexactCount).toBe(0);
    expect(decoding.ticks()).toEqual([tick]);
  });

  it('that has more ticks than there are rows left says how many it needs, and leaves the rows alone', () => {
    const decoding = new Decoding({}, 3);
    decoding.take({ value: plain });
    for (const element of [plain, plain.replace('S17', '\\u0053\\u0031\\u0037')]) {
      const value = `[${Array.from({ length: 5 }, () => element).join()}]`;
      expect(decoding.decode({ value })).toEqual({ rowsNeeded: 5 });
      expect(decoding.ticks()).toEqual([tick]);
      decoding.makeRoom(5);
      expect(decoding.decode({ value })).toBeNull();
      expect(decoding.ticks()).toHaveLength(5);
      expect(decoding.decode({ value: plain })).toEqual({ rowsNeeded: 1 });
      decoding.makeRoom(3);
      decoding.take({ value: plain });
    }
  });

  it('is refused with its reason', () => {
    const cases: readonly (readonly [string | Buffer | null, string, string?])[] = [
      [null, 'malformed', 'the message has no value (it is a tombstone)'],
      ['', 'malformed'],
      [' \n', 'malformed'],
      ['null', 'malformed', 'the message is JSON, but no object and no list'],
      [`[${plain},7]`, 'malformed', wrongAt(106, 107)],
      [`[[${plain}]]`, 'malformed'],
      [`[${plain},]`, 'malformed'],
      [`${plain},${plain}`, 'malformed'],
      [`${plain}${plain}`, 'malformed'],
      [`${plain}\u0000`, 'malformed'],
      [`\u00a0${plain}`, 'malformed'],
      ['['.repeat(1_000_000) + ']'.repeat(1_000_000), 'malformed'],
      [plain.replace('"price":100.25,', ''), 'missing-field', 'there is no price'],
      ['{"__proto__":{"price":1},"event_time_ms":1767571200123,"symbol":"X","size":1,"trade_id":1}', 'missing-field'],
      [plain.replace('"symbol":"S17",', ''), 'missing-field'],
      [plain.replace('100.25', '1e400'), 'bad-price'],
      [plain.replace('0.5', `1${'0'.repeat(400)}`), 'bad-size'],
      [plain.replace('buy', 'hold'), 'bad-side'],
      [plain.replace('1767571200123', '1767571200'), 'bad-time'],
      [plain.replace('S17', ''), 'bad-symbol'],
      [Buffer.from(plain.replace('S17', '\xc3\x28'), 'latin1'), 'bad-symbol'],
      [plain.replace('123456', '""'), 'bad-trade-id'],
    ];
    for (const [value, reason, message] of cases) {
      const seen = read({ value });
      const wanted = message === undefined ? { reason } : { reason, message };
      expect(seen, String(value).slice(0, 150)).toMatchObject(wanted);
    }
  });

  it('may begin with a byte order mark and hold invalid UTF-8 where nobody asks', () => {
    expect(read(`\ufeff${plain}`)).toEqual([tick]);
    expect(read(Buffer.from(plain.replace('{', '{"x":"\xc3\x28",'), 'latin1'))).toEqual([tick]);
    expect(read(`\ufeff\ufeff${plain}`)).toMatchObject({ reason: 'malformed' });
    expect(read(Buffer.from(`\ufeff${plain}`, 'utf16le'))).toMatchObject({ reason: 'malformed' });
  });

  it('keeps numbers of any length', () => {
    const long = plain.replace('100.25', `0.${'0'.repeat(300)}1`).replace('123456', '9007199254740993');
    expect(read(long)).toEqual([{ ...tick, price: 1e-301, tradeId: '9007199254740993' }]);
  });

  it('may be 20 MB large, good or bad; beyond 64 MiB it is too long', () => {
    const decoding = new Decoding({}, 300_000);
    const half = Array.from({ length: 95_000 }, () => plain).join();
    const many = Buffer.from(`[${half},${half}]`);
    expect(many.length).toBeGreaterThan(19_000_000);
    expect(decoding.decode({ value: many })).toBeNull();
    expect(decoding.columns.length).toBe(190_000);
    decoding.makeRoom(300_000);
    const bad = Buffer.concat([many.subarray(0, -1), Buffer.from(',')]);
    expect(decoding.decode({ value: bad })).toMatchObject({ reason: 'malformed' });
    expect(decoding.decode({ value: Buffer.concat([Buffer.alloc(67_108_864, ' '), Buffer.from(plain)]) })).toEqual({
      reason: 'too-long', message: `the message has ${67_108_864 + plain.length} bytes; 67108864 at most`,
    });
    expect(decoding.columns.length).toBe(0);
  });

  it('of 20 MB that holds nothing takes neither time nor memory', () => {
    const repeated = (text: string): Buffer => Buffer.alloc(20_000_000, text);
    const cases: readonly (readonly [string, string, string, string])[] = [
      ['[', '{},', '{}]', 'missing-field'], ['[', '0,', '0]', 'malformed'], ['{"x":[', '0,', '0]}', 'too-long'],
      ['{"x":', '[', '', 'too-long'], ['[{"x":', '[', '', 'malformed'], ['"', 'x', '"', 'too-long'], ['[', '\n', ']', ''],
    ];
    for (const [first, middle, last, reason] of cases) {
      const value = Buffer.concat([Buffer.from(first), repeated(middle), Buffer.from(last)]);
      expect(read({ value }), first + middle).toEqual(reason === '' ? [] : expect.objectContaining({ reason }));
    }
    const sized = (bytes: number): string => plain.replace('{', `{"x":"${'y'.repeat(bytes - plain.length - 7)}",`);
    const large = sized(1_048_576);
    for (const known of [true, false]) {
      for (const [value, isRead] of [[large, true], [` ${large}\n`, true], [sized(1_048_577), false]] as const) {
        const own = new Decoding();
        if (known) own.take({ value: plain });
        expect(own.decode({ value }) === null, `${value.length} ${known}`).toBe(isRead);
        expect(own.decode({ value: `[${value}]` }) === null, `list ${value.length} ${known}`).toBe(isRead);
      }
    }
  });

  it('is read as JSON.parse and plain arithmetic have it, whatever happens to its bytes and beside them', () => {
    const counts = fuzzMessages(5, 20_000);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(1_500);
  });
});

describe('settings of messages', () => {
  it('that contradict each other are refused', () => {
    const cases: readonly (readonly [Values, string])[] = [
      [{ symbol_from: 'key', fields: { symbol: 's' } }, 'fields.symbol names a field, but symbol_from is key'],
      [{ fields: { price: 'data..p' } }, 'fields.price is "data..p"; write a name on each side of a dot'],
      [{ fields: { price: 'x', size: 'x' } }, 'price (x) and size (x) are the same'],
      [{ fields: { price: 'x', size: 'x.y' } }, 'price (x) and size (x.y) are the same or one is in the other'],
      [{ fields: { price: 'a.'.repeat(30) + 'b' } }, 'the fields stand in more than 23 objects'],
      [{ fields: { cost: 'x' } }, 'fields.cost is not a field of a tick'],
    ];
    for (const [values, problem] of cases) expect(() => new Decoding(values), problem).toThrow(problem);
  });

  it('know names that JSON must escape', () => {
    const fields = { price: 'a"b', symbol: 'tab\t', size: 'ü' };
    const numbers = { event_time_ms: 1_767_571_200_123, trade_id: 123_456, 'a"b': 100.25, 'ü': 0.5 };
    expect(read(JSON.stringify({ ...numbers, 'tab\t': 'S17', side: 'buy' }), { fields })).toEqual([tick]);
    expect(read('{"a"b":1}', { fields })).toMatchObject({ reason: 'malformed' });
  });
});
