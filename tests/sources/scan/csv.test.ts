import { describe, expect, it } from 'vitest';
import { csvColumns, expectedHeader, type HeaderNeeds } from '../../../src/sources/scan/csv-header.ts';
import { fieldNames } from '../../../src/sources/scan/tick-fields.ts';
import { fuzzCsv, ScannedLine } from './fuzz-records.ts';

const plain = '7,1570752011620,sell,0.00141342,23.00000000,XRPETH,binance';
const tick = {
  tradeId: 7,
  eventTimeMs: 1_570_752_011_620,
  side: 2,
  price: 0.00141342,
  size: 23,
  symbol: 'XRPETH',
  venue: 'binance',
};

function read(
  line: string | Buffer,
  of: Partial<ConstructorParameters<typeof ScannedLine>[1]> = {},
): ReturnType<ScannedLine['judge']> {
  const lines = new ScannedLine('csv', { ids: 'unique', defaultSymbol: null, ...of });
  return lines.judge(Buffer.from(line));
}

describe('a line of CSV', () => {
  it('is read by the scanner as soon as its names are known', () => {
    const lines = new ScannedLine('csv', { ids: 'unique', defaultSymbol: null });
    expect(lines.scan(Buffer.from(plain))).toBeNull();
    expect(lines.judge(Buffer.from(plain)).tick).toEqual(tick);
    expect(lines.scan(Buffer.from(plain))).toEqual(tick);
    expect(lines.scan(Buffer.from(`${plain}\r`))).toEqual(tick);
    expect(
      lines.scan(
        Buffer.from(
          plain
            .split(',')
            .map((cell) => `"${cell}"`)
            .join(','),
        ),
      ),
    ).toEqual(tick);
  });

  it('may have quotes, commas in quotes and doubled quotes, as csv-parse has it', () => {
    expect(read('"7",1570752011620,"sell",0.00141342,"23.0","A,""B""",binance').tick?.symbol).toBe('A,"B"');
  });

  it('takes columns in any order and passes over those that nobody knows', () => {
    const columns = [null, 'size', 'price', null, 'event_time', null] as const;
    const lines = new ScannedLine('csv', { ids: 'absent', defaultSymbol: 'XYZ', columns });
    const line = Buffer.from('x,2,3,"a,b",1570752011620,"c"');
    lines.judge(line);
    expect(lines.scan(line)).toMatchObject({
      size: 2,
      price: 3,
      eventTimeMs: 1_570_752_011_620,
      symbol: 'XYZ',
      tradeId: null,
    });
  });

  it('is refused with the reason of its first fault', () => {
    const cases: readonly (readonly [string | Buffer, string])[] = [
      ['7,1570752011620,sell,0.1', 'malformed'],
      [`${plain},more`, 'malformed'],
      ['7,1570752011620,sell,"0.1,23,X,b', 'malformed'],
      ['7,1570752011620,sell,NaN,23,X,b', 'bad-price'],
      ['7,1570752011620,sell,1e400,23,X,b', 'bad-price'],
      ['7,1570752011620,sell,,23,X,b', 'bad-price'],
      ['7,1570752011620,sell,1,Infinity,X,b', 'bad-size'],
      ['7,1570752011620,bid,1,23,X,b', 'bad-side'],
      ['7,soon,buy,1,23,X,b', 'bad-time'],
      ['7,1570752011,buy,1,23,X,b', 'bad-time'],
      ['7,1570752011620,buy,1,23,,b', 'bad-symbol'],
      [`7,1570752011620,buy,1,23,${'x'.repeat(65)},b`, 'bad-symbol'],
      ['7,1570752011620,buy,1,23,A\u0007B,b', 'bad-symbol'],
      ['7,1570752011620,buy,1,23,X,', 'bad-symbol'],
      [Buffer.from('7,1570752011620,buy,1,23,A\xffB,b', 'latin1'), 'bad-symbol'],
      [',1570752011620,buy,1,23,X,b', 'bad-trade-id'],
    ];
    for (const [line, reason] of cases) expect(read(line).reason, String(line)).toBe(reason);
  });

  it('passes on what is for admission to judge', () => {
    expect(read('7,1570752011620,sell,-1,-23,X,b').tick).toMatchObject({ price: -1, size: -23 });
    expect(read('7,4102444800000,sell,1,0,X,b').tick).toMatchObject({
      eventTimeMs: Date.UTC(2100, 0, 1),
      size: 0,
    });
  });

  it('takes the names of object properties as symbols like any other', () => {
    for (const symbol of ['__proto__', 'constructor', 'toString']) {
      expect(read(`7,1570752011620,sell,1,2,${symbol},b`).tick?.symbol).toBe(symbol);
    }
  });

  it('is read alike by scanner, judge, csv-parse and plain arithmetic, whatever happens to its bytes', () => {
    const { scanned, refused } = fuzzCsv(11, 50_000);
    expect(scanned).toBeGreaterThan(10_000);
    expect(refused).toBeGreaterThan(10_000);
  });
});

describe('trade ids', () => {
  const line = (id: string): string => `${id},1570752011620,sell,1,2,X,b`;

  it('that are unique may be numbers or texts; a number has one spelling', () => {
    expect(read(line('13519807')).tick?.tradeId).toBe(13_519_807);
    expect(read(line('007')).tick?.tradeId).toBe('007');
    expect(read(line('9007199254740993')).tick?.tradeId).toBe('9007199254740993');
    expect(read(line('3f2504e0-4f89')).tick?.tradeId).toBe('3f2504e0-4f89');
  });

  it('that are monotone are whole numbers that a double holds', () => {
    expect(read(line('007'), { ids: 'monotone' }).tick?.tradeId).toBe(7);
    for (const id of ['a7', '7.5', '-7', '9007199254740993', '']) {
      expect(read(line(id), { ids: 'monotone' }).reason, id).toBe('bad-trade-id');
    }
  });

  it('that are absent are not looked at', () => {
    expect(read(line('\u0007'), { ids: 'absent' }).tick?.tradeId).toBeNull();
  });
});

describe('a header', () => {
  const needs: HeaderNeeds = { names: fieldNames('test', {}, 'ms'), ids: 'unique', hasDefaultSymbol: true };

  it('names columns in any order, and others beside them', () => {
    const columns = csvColumns(['size', 'fee', 'price', 'event_time_ms', 'trade_id'], needs);
    expect(columns).toEqual(['size', null, 'price', 'event_time', 'trade_id']);
  });

  it('that lacks a column or names one twice is refused', () => {
    expect(csvColumns(['price', 'size', 'trade_id'], needs)).toBe('it lacks event_time_ms');
    expect(csvColumns(['event_time_ms', 'price', 'size'], needs)).toBe('it lacks trade_id');
    expect(csvColumns(['event_time_ms', 'price', 'size'], { ...needs, ids: 'absent' })).toHaveLength(3);
    expect(csvColumns(['trade_id', 'event_time_ms', 'price', 'price', 'size'], needs)).toBe(
      'it names price twice',
    );
    expect(
      csvColumns(['trade_id', 'event_time_ms', 'price', 'size'], { ...needs, hasDefaultSymbol: false }),
    ).toBe('it lacks symbol');
  });

  it('has the names of the mapping, and the unit in the name of the event time', () => {
    const names = fieldNames('test', { price: 'p', size: 'q' }, 'us');
    expect(names).toMatchObject({ price: 'p', size: 'q', event_time: 'event_time_us', trade_id: 'trade_id' });
    expect(expectedHeader({ ...needs, names })).toContain(
      'trade_id, event_time_us, p, q, and optionally side',
    );
  });

  it('is refused a mapping of what is no field', () => {
    expect(() => fieldNames('test', { prize: 'p' }, 'ms')).toThrow(/fields\.prize is not a field of a tick/);
    expect(() => fieldNames('test', { price: '' }, 'ms')).toThrow(/fields\.price is empty/);
  });
});
