import { describe, expect, it } from 'vitest';
import { judgeLane } from '../../src/store/tellings.ts';

describe('which telling of the history a take-up is', () => {
  const known = { generation: 4, logIdentity: 'a', logId: null, repeatable: true };

  it('the same log that can be read again keeps its generation', () => {
    expect(judgeLane(known, { logIdentity: 'a', repeatable: true })).toEqual({ kind: 'keep', generation: 4 });
  });

  it('a log that cannot be read again has another history at every take-up, whatever it is called', () => {
    expect(judgeLane(known, { logIdentity: 'a', repeatable: false })).toEqual({ kind: 'next', generation: 5 });
    expect(judgeLane(known, { logIdentity: 'b', repeatable: false })).toEqual({ kind: 'next', generation: 5 });
  });

  it('another log, or one that could not be read again before, is a changed one', () => {
    expect(judgeLane(known, { logIdentity: 'b', repeatable: true })).toEqual({ kind: 'log-changed' });
    expect(judgeLane({ ...known, repeatable: false }, { logIdentity: 'a', repeatable: true })).toEqual({ kind: 'log-changed' });
  });

  it('a log of the same name that was made anew is a changed one, as far as both ids are known', () => {
    const judged = (before: string | null, now: object): string =>
      judgeLane({ ...known, logId: before }, { logIdentity: 'a', repeatable: true, ...now }).kind;
    expect(judged('first', { logId: 'first' })).toBe('keep');
    expect(judged('first', { logId: 'second' })).toBe('log-changed');
    expect(judged(null, { logId: 'second' })).toBe('keep');
    expect(judged('first', {})).toBe('keep');
  });
});
