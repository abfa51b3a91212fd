import { describe, expect, it } from 'vitest';
import { keyText, parseKey } from '../../src/dead-letters/letter-key.ts';
import { readTick } from '../../src/dead-letters/read-tick.ts';
import type { LetterKey } from '../../src/model/dead-letter.ts';

describe('the key of a dead letter', () => {
  const keys: readonly LetterKey[] = [
    { lane: 'market-data/history', generation: 1, position: 4711, origin: 'tick', counter: 0 },
    { lane: 'p/ticks/7', generation: 12, position: 9_007_199_254_740, origin: 'row', counter: 2_147_483_647 },
    { lane: 'odd@1:2.tick.3', generation: 4, position: 5, origin: 'row', counter: 6 },
    { lane: 'two\nlines', generation: 1, position: 0, origin: 'tick', counter: 1 },
  ];

  it('is one word, and reads back as what it was', () => {
    expect(keyText(keys[0])).toBe('market-data/history@1:4711.tick.0');
    for (const key of keys) expect(parseKey(keyText(key))).toEqual(key);
  });

  it.each(['', 'x', 'lane', 'lane@1:2.tick', 'lane@1:2.bar.0', 'lane@-1:2.tick.0', '@1:2.tick.0', 'lane@1:2.tick.0 ', 'lane@1:2.5.tick.0'])(
    'is not %j', (text) => {
      expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'usage' }));
      expect(() => parseKey(text)).toThrow('mdp dead-letters list');
    });
});

describe('what a letter keeps of a tick that was read', () => {
  it('is told from the record itself', () => {
    const values = '{"venue":"v","symbol":"s","eventTimeMs":1,"price":0,"size":"NaN","side":"buy","tradeId":null}';
    expect(readTick(Buffer.from(values))).toEqual({ logTimeMs: null });
    for (const record of ['', '{', 'BTC,1,2', '{"venue":"v"}', '{"venue":"v","price":1', '{"symbol":"s","venue":"v"}']) {
      expect(readTick(Buffer.from(record)), record).toBeNull();
    }
  });
});
