import { describe, expect, it } from 'vitest';
import { SymbolTable } from '../../../src/sources/scan/symbol-table.ts';

const find = (table: SymbolTable, key: string): number => {
  const bytes = Buffer.from(`,${key},`);
  return table.find(bytes, 1, bytes.length - 1);
};

describe('a table of symbols by their bytes', () => {
  it('finds each of many keys, and no other', () => {
    const table = new SymbolTable();
    const keys = Array.from({ length: 20_000 }, (_, n) => `SYM${n}`);
    for (const [value, key] of keys.entries()) table.add(Buffer.from(key), value);
    for (const [value, key] of keys.entries()) expect(find(table, key)).toBe(value);
    for (const key of ['SYM', 'SYM20000', 'sym1', 'SYM1 ', '']) expect(find(table, key), key).toBe(-1);
  });

  it('tells keys with equal hashes apart', () => {
    const table = new SymbolTable();
    table.add(Buffer.from('Aa'), 1); // 31 · 65 + 97 = 31 · 66 + 66
    expect(find(table, 'BB')).toBe(-1);
    table.add(Buffer.from('BB'), 2);
    expect([find(table, 'Aa'), find(table, 'BB')]).toEqual([1, 2]);
  });

  it('tells a key from a longer one with its beginning and its hash', () => {
    const table = new SymbolTable();
    table.add(Buffer.from('C[EESO'), 1);
    expect(find(table, 'C[EESOh')).toBe(-1); // 31 · hash + 104 is the hash again, modulo 2^32.
  });

  it('takes the names of object properties as keys like any other', () => {
    const table = new SymbolTable();
    expect(find(table, '__proto__')).toBe(-1);
    table.add(Buffer.from('__proto__'), 3);
    expect([find(table, '__proto__'), find(table, 'constructor')]).toEqual([3, -1]);
  });

  it('takes the empty key and keys that are longer than all before', () => {
    const table = new SymbolTable();
    table.add(Buffer.from(''), 0);
    table.add(Buffer.from('x'.repeat(5_000)), 1);
    expect([find(table, ''), find(table, 'x'.repeat(5_000)), find(table, 'x'.repeat(4_999))]).toEqual([
      0, 1, -1,
    ]);
  });
});
