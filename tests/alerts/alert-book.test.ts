import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../src/alerts/alert-book.ts';
import type { StoredAlert } from '../../src/model/alert-store.ts';
import type { StreamAlert } from '../../src/model/stream.ts';

const never = new AbortController().signal;
const alert = (minute: number, rest: Partial<StoredAlert> = {}): StoredAlert => ({
  ruleId: 'r', ruleVersion: 1, venue: 'v', symbol: 's', barSpec: '1m', condition: 'price_above', threshold: 1, indicator: null,
  openTimeMs: minute * 60_000, closeTimeMs: (minute + 1) * 60_000, barIndex: 0, state: 'triggered', value: 2, barState: 3,
  changedMs: minute, notifiedMs: null, ...rest,
});

describe('the book of alerts', () => {
  it('tells each change once, and nothing of what was there before', async () => {
    let recent: StoredAlert[] = [alert(1)];
    const told: StreamAlert[] = [];
    const book = new AlertBook({
      recent: () => Promise.resolve(recent), isWanted: () => true, publish: (alerts) => told.push(...alerts),
    });
    await book.look(never);
    recent = [alert(1), alert(2)];
    await book.look(never);
    await book.look(never);
    recent = [alert(2), alert(1, { state: 'withdrawn', changedMs: 9 }), alert(0, { changedMs: 3 })]; // One was committed late.
    await book.look(never);
    recent = [];
    await book.look(never);
    expect(told.map(({ open_ms, state }) => [open_ms / 60_000, state])).toEqual([[2, 'triggered'], [1, 'withdrawn'], [0, 'triggered']]);
    expect(told[0]).toEqual({
      id: 'r.1.120000.0', rule_id: 'r', venue: 'v', symbol: 's', spec: '1m', open_ms: 120_000, event_ms: 180_000,
      state: 'triggered', value: 2, words: 'price of s above 1 (1m)',
    });
  });

  it('reads nothing while nobody listens, and tells who comes then nothing of what was there', async () => {
    let [reads, isListening] = [0, true];
    let recent: StoredAlert[] = [alert(1)];
    const told: StreamAlert[] = [];
    const book = new AlertBook({
      recent: async () => { reads++; return recent; }, isWanted: () => isListening, publish: (alerts) => told.push(...alerts),
    });
    await book.look(never);
    isListening = false;
    recent = [alert(1), alert(2)];
    await book.look(never);
    expect(reads).toBe(1);
    isListening = true;
    await book.look(never);
    expect([reads, told]).toEqual([2, []]);
    recent = [alert(1), alert(2), alert(3)];
    await book.look(never);
    expect(told.map(({ open_ms }) => open_ms / 60_000)).toEqual([3]);
  });
});
