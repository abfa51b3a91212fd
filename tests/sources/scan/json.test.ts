import { describe, expect, it } from 'vitest';
import { fuzzJson, fuzzLikeLines, ScannedLine } from './fuzz-records.ts';

const plain =
  '{"trade_id":7,"event_time_ms":1570752011620,"symbol":"XRPETH","side":"sell","price":"0.00141342","size":23}';
const tick = {
  tradeId: 7,
  eventTimeMs: 1_570_752_011_620,
  side: 2,
  price: 0.00141342,
  size: 23,
  symbol: 'XRPETH',
  venue: 'home',
};

function both(
  line: string | Buffer,
  ids: 'unique' | 'monotone' | 'absent' = 'unique',
): ReturnType<ScannedLine['judge']> & { scanned: unknown } {
  const lines = new ScannedLine('ndjson', { ids, defaultSymbol: null });
  const judged = lines.judge(Buffer.from(line));
  return { ...judged, scanned: lines.scan(Buffer.from(line)) };
}

describe('a line of JSON', () => {
  it('is read by the scanner, in any order of keys and with blanks', () => {
    expect(both(plain)).toEqual({ tick, reason: null, scanned: tick });
    const other =
      ' { "size" : 23 ,"x":null,"y":-1.5,"z":[1],"price":0.00141342, "event_time_ms":"1570752011620",' +
      '"trade_id":"7","symbol":"XRPETH","side":"SELL"}\t\r';
    expect(both(other).tick).toEqual(tick);
    expect(both(other).scanned).toEqual(tick);
  });

  it('may have nested values where nobody asks', () => {
    for (const extra of ['{}', '[ ]', '{"price":9}', '[1, {"price":[{}, [] , null]}]', '[[[[[true]]]]]']) {
      expect(both(plain.replace('"side"', `"extra":${extra},"side"`)).scanned, extra).toEqual(tick);
    }
    for (const bad of ['{', '{]', '[1,]', '{"a":1,}', '{"a"}', '{1:2}', '[1 2]', '[1:2]', '{,}', '[,]', '{"a":}']) {
      const seen = both(plain.replace('"side"', `"extra":${bad},"side"`));
      expect([seen.scanned, seen.reason], bad).toEqual([null, 'malformed']);
    }
  });

  it('may have exponents, as many writers print small numbers', () => {
    for (const [text, size] of [['2.3e1', 23], ['5e-05', 0.00005], ['1E+2', 100], ['12.5e-7', 0.00000125], ['1e22', 1e22]]) {
      expect(both(plain.replace('23}', `${text},"x":-1.5E+300}`)).scanned, String(text)).toEqual({ ...tick, size });
    }
    for (const bad of ['2e', '2e+', '2.e1', '02e1', '.5e1', '2e1.5', '2e--1']) {
      expect(both(plain.replace('23}', `${bad}}`)), bad).toMatchObject({ scanned: null, reason: 'malformed' });
      expect(both(plain.replace('23}', `23,"x":${bad}}`)), bad).toMatchObject({ scanned: null, reason: 'malformed' });
    }
    expect(both(plain.replace('23}', '2e23}'))).toMatchObject({ scanned: null, tick: { size: 2e23 } });
  });

  it('leaves escapes, deep nesting, signs and many digits to JSON.parse', () => {
    for (const [from, to] of [
      ['XRPETH', '\\u0058RPETH'],
      ['23}', '23.00000000000000000}'],
      ['"side"', `"extra":${'['.repeat(40)}${']'.repeat(40)},"side"`],
      ['"side"', '"extra":"\\u0041","side"'],
    ] as const) {
      const seen = both(plain.replace(from, to));
      expect(seen.scanned, to).toBeNull();
      expect(seen.tick, to).toEqual(tick);
    }
  });

  it('counts the last of several values of one key, as JSON.parse does', () => {
    const seen = both(plain.replace('}', ',"price":5}'));
    expect(seen.tick?.price).toBe(5);
    expect(seen.scanned).toMatchObject({ price: 5 });
  });

  it('keeps digits that a double would lose, of ids and of prices', () => {
    expect(both(plain.replace('7,', '9007199254740993,')).tick?.tradeId).toBe('9007199254740993');
  });

  it('has nothing from Object.prototype', () => {
    const seen = both(
      '{"__proto__":{"price":1},"event_time_ms":1570752011620,"symbol":"X","size":1,"trade_id":1}',
    );
    expect(seen.reason).toBe('missing-field');
    expect(both(plain.replace('XRPETH', '__proto__')).tick?.symbol).toBe('__proto__');
  });

  it('is refused with the reason of its first fault', () => {
    const cases: readonly (readonly [string | Buffer, string])[] = [
      ['nonsense', 'malformed'],
      ['[1]', 'malformed'],
      ['7', 'malformed'],
      ['null', 'malformed'],
      [`${plain}{}`, 'malformed'],
      [plain.replace('23', '023'), 'malformed'],
      [plain.slice(0, -1), 'malformed'],
      ['['.repeat(30_000), 'malformed'],
      [plain.replace('"price":"0.00141342",', ''), 'missing-field'],
      [plain.replace('"0.00141342"', 'null'), 'missing-field'],
      [plain.replace('"symbol":"XRPETH",', ''), 'missing-field'],
      [plain.replace('"trade_id":7,', ''), 'missing-field'],
      [plain.replace('"0.00141342"', '{}'), 'bad-price'],
      [plain.replace('"0.00141342"', '"NaN"'), 'bad-price'],
      [plain.replace('"0.00141342"', '1e400'), 'bad-price'],
      [plain.replace('23', 'true'), 'bad-size'],
      [plain.replace('sell', 'maker'), 'bad-side'],
      [plain.replace('"sell"', 'true'), 'bad-side'],
      [plain.replace('1570752011620', '1570752011620123456'), 'bad-time'],
      [plain.replace('XRPETH', ''), 'bad-symbol'],
      [plain.replace('XRPETH', '\\ud800'), 'bad-symbol'],
      [Buffer.from(plain.replace('XRPETH', '\xc3\x28'), 'latin1'), 'bad-symbol'],
      [plain.replace('7', '""'), 'bad-trade-id'],
      [plain.replace('7', '[7]'), 'bad-trade-id'],
    ];
    for (const [line, reason] of cases) expect(both(line).reason, String(line).slice(0, 150)).toBe(reason);
    expect(both(plain.replace('7', '7.5'), 'monotone').reason).toBe('bad-trade-id');
  });

  it('is read alike by scanner, judge, JSON.parse and plain arithmetic, whatever happens to its bytes', () => {
    const { scanned, refused } = fuzzJson(12, 50_000);
    expect(scanned).toBeGreaterThan(5_000);
    expect(refused).toBeGreaterThan(10_000);
  });

  it('is read alike where it is laid out as the one before it, whatever happens to its bytes', () => {
    const { scanned, refused } = fuzzLikeLines(12, 50_000);
    expect(scanned).toBeGreaterThan(5_000);
    expect(refused).toBeGreaterThan(10_000);
  });

  it.each([
    ['007.5', null], ['0.5', 0.5], ['0', 0], ['-1', null], ['1e2', 100], ['123456789', 123_456_789],
    ['123456789.123456', 123_456_789.123456], ['1.', null], ['.5', null], ['1.5.5', null], ['12 ', 12], ['1x', null],
  ])('of a known layout with the size %s is read as JSON has it', (size, wanted) => {
    const line = (text: string): Buffer => Buffer.from(plain.replace('"size":23', `"size":${text}`));
    const lines = new ScannedLine('ndjson', { ids: 'monotone', defaultSymbol: null });
    lines.judge(line('23')); // From here on the symbol is known.
    expect(lines.scan(line('23'))).toEqual({ ...tick, size: 23 });
    const scanned = lines.scan(line(size));
    if (wanted === null) expect(scanned).toBeNull();
    else expect(scanned ?? lines.judge(line(size)).tick).toEqual({ ...tick, size: wanted });
  });
});
