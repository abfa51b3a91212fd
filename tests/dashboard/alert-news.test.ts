import { describe, expect, it } from 'vitest';
import { AlertNews } from '../../src/dashboard/watch/alert-news.ts';
import type { Turn } from '../../src/dashboard/watch/alert-news.ts';

const turn = (id: string, state: Turn['state'] = 'triggered'): Turn => (
  { id, state, rule_id: 'r', symbol: 'XRPETH', value: 1, words: 'price of XRPETH above 0.2 (1m)' });

interface Rig {
  readonly news: AlertNews;
  readonly called: string[];
  kept: readonly string[] | null;
}

function rig(kept: readonly string[] | null): Rig {
  const called: string[] = [];
  const made: Rig = {
    kept, called,
    news: new AlertNews({ read: () => made.kept, write: (keys) => { made.kept = keys; } }, (turns) => {
      called.push(...turns.map(({ id, state }) => `${id} ${state}`));
    }),
  };
  return made;
}

describe('what somebody has not seen of the alerts', () => {
  it('is nothing at the first visit, whatever has been', () => {
    const { news, called } = rig(null);
    news.hear([turn('a')]);
    news.takeHistory([turn('a'), turn('b')]);
    expect([news.unseen, called]).toEqual([[], []]);
  });

  it('is what came since the last visit: it is counted, and calls nobody', () => {
    const { news, called } = rig(['a triggered']);
    news.takeHistory([turn('a'), turn('b')]);
    expect(news.unseen.map(({ id }) => id)).toEqual(['b']);
    expect(called).toEqual([]);
  });

  it('calls once for what is new, however often and by whichever way it is told', () => {
    const { news, called } = rig(null);
    news.hear([turn('c')]);
    news.takeHistory([turn('a')]);
    news.hear([turn('c'), turn('a')]);
    news.takeHistory([turn('a'), turn('c'), turn('d')]); // It came while the connection was lost.
    expect(called).toEqual(['c triggered', 'd triggered']);
  });

  it('calls for a withdrawal where it knows the alert, and not for one that it never told of', () => {
    const { news, called } = rig(null);
    news.takeHistory([turn('a')]);
    news.hear([turn('a', 'withdrawn'), turn('b', 'withdrawn')]);
    expect(called).toEqual(['a withdrawn']);
    expect(news.unseen).toHaveLength(2);
  });

  it('is seen once somebody has looked, also at the next visit', () => {
    const first = rig([]);
    first.news.takeHistory([]);
    first.news.hear([turn('a')]);
    first.news.seeAll();
    expect(first.news.unseen).toEqual([]);
    const next = rig(first.kept);
    next.news.takeHistory([turn('a')]);
    expect(next.news.unseen).toEqual([]);
  });
});
