import type { TestRandom } from './test-random.ts';

const ids = [
  '13519807',
  '0',
  '007',
  '9007199254740991',
  '9007199254740992',
  'a1b2-c3',
  '3f2504e0-4f89-11d3',
  '',
  'ü1',
  '12e3',
  'x'.repeat(129),
];
const times = [
  '1570752011620',
  '1570752011620.5',
  '1570752011',
  '1570752011620123',
  '1.5e12',
  '+1570752011620',
  '',
  'now',
];
const sides = ['buy', 'sell', 'BUY', 'b', 'S', '', 'unknown', 'bid', 'buyer'];
const decimals = [
  '0.00141342',
  '23',
  '23.00',
  '-5',
  '0',
  '.5',
  '5.',
  '1e-3',
  '1e400',
  'NaN',
  '1234567890123456.7',
  '0.30000000000000004',
  '00.5',
  '',
];
const symbols = [
  'XRPETH',
  'BTC-USDT',
  'SC/EUR',
  '__proto__',
  'ÄÖ',
  '',
  'A B',
  'x'.repeat(64),
  'x'.repeat(65),
  'constructor',
  'a,b',
  'a""b',
];

/** A line of CSV, mostly right. */
export function csvLine(random: TestRandom): string {
  const cell = (values: readonly string[]): string => {
    const value = random.below(8) > 0 ? values[0] : random.pick(values);
    return random.below(6) === 0 ? `"${value}"` : value;
  };
  const cells = [ids, times, sides, decimals, decimals, symbols, symbols].map(cell);
  return cells.join(',') + random.pick(['', '', '', '\r']);
}

/** A line of JSON, mostly right. */
export function jsonLine(random: TestRandom): string {
  const one = (values: readonly string[]): string => (random.below(8) > 0 ? values[0] : random.pick(values));
  const blank = (): string => (random.below(8) === 0 ? random.pick([' ', '\t', '  ', '\r']) : '');
  const value = (text: string): string => (random.below(2) === 0 ? text : JSON.stringify(text));
  const members = [
    `"trade_id":${value(one(ids))}`,
    `"event_time_ms":${value(one(times))}`,
    `"side":${JSON.stringify(one(sides))}`,
    `"price":${blank()}${value(one(decimals))}`,
    `"size":${value(one(decimals))}`,
    `"symbol":${JSON.stringify(one(symbols))}`,
    `"venue"${blank()}:${JSON.stringify(one(symbols))}`,
    random.pick([
      '"x":null',
      '"x":true',
      '"y":[1,{"price":2}]',
      '"y":{"a":[],"b":{"c":[[{}]]},"d":-0.5}',
      '"z":-1.5e3',
      '"__proto__":{"price":1}',
      '"price":3',
      '"\\u0070rice":4',
      '"q":"a\\"b"',
    ]),
  ].filter((_, index) => (index < 7 ? random.below(40) > 0 : random.below(2) > 0));
  if (random.below(4) > 0) members.sort(() => random.uniform() - 0.5);
  return `${blank()}{${members.join(`,${blank()}`)}}${blank()}`;
}

const pieces = [
  '"',
  ',',
  ':',
  '{',
  '}',
  '\\',
  '\r',
  ' ',
  '\t',
  '0',
  '9',
  '.',
  '-',
  '+',
  'e',
  'E',
  'null',
  '""',
  '\\u0041',
  '\u0001',
  '\u2028',
  'ß',
  '[',
  ']',
  '\n',
  '\ufeff',
];

/** Up to three random changes of bytes; never a line feed. */
export function mutated(line: Buffer, random: TestRandom): Buffer {
  return Buffer.from(damaged(line, random).filter((byte) => byte !== 0x0a));
}

/** Up to three random changes of bytes. */
export function damaged(line: Buffer, random: TestRandom): Buffer {
  let bytes = [...line];
  for (let changes = random.pick([0, 0, 1, 1, 2, 3]); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(5)) {
      case 0:
        bytes.splice(at, 1);
        break;
      case 1:
        bytes.splice(at, 0, ...Buffer.from(random.pick(pieces)));
        break;
      case 2:
        bytes.splice(at, 1, random.below(256));
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(12)));
        break;
      default:
        bytes = bytes.slice(0, at);
    }
  }
  return Buffer.from(bytes);
}
