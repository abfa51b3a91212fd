import { describe, expect, it } from 'vitest';
import { BodyWriter } from '../../src/live/body-writer.ts';
import { Changes } from '../../src/live/changes.ts';
import { FeedRows, RecentRows } from '../../src/live/recent-rows.ts';

const rowBytes = 200 + 3;

function made(rows: number): { changes: Changes; recent: RecentRows; of: FeedRows; put: (openMs: number, json: string) => number } {
  const changes = new Changes();
  const recent = new RecentRows(rows * rowBytes);
  const of = new FeedRows('bars', { changes, recent });
  const put = (openMs: number, json: string): number => {
    changes.next();
    of.put(openMs, 0, Buffer.from(json));
    return changes.last;
  };
  return { changes, recent, of, put };
}

function since(of: FeedRows, change: number): unknown {
  const writer = new BodyWriter();
  writer.start();
  of.writeSince(writer, change);
  const body = writer.finish();
  return body === null ? null : JSON.parse(`{${body.toString()}}`);
}

describe('rows that are not told to everybody yet', () => {
  it('are there since any change, each once, in the order in which they changed last', () => {
    const { of, put } = made(10);
    const first = put(1, '"a"');
    const second = put(2, '"b"');
    put(1, '"c"');
    expect([0, first, second].map((change) => since(of, change))).toEqual([
      { bars: ['b', 'c'] }, { bars: ['b', 'c'] }, { bars: ['c'] },
    ]);
    expect(since(of, of.changedAt)).toBeNull();
  });

  it('leave once everybody has them, and no newer one of the same key with them', () => {
    const { of, put, recent } = made(10);
    const first = put(1, '"a"');
    put(1, '"b"');
    recent.toldUntil(first);
    expect([since(of, 0), recent.bytes]).toEqual([{ bars: ['b'] }, rowBytes]);
    recent.toldUntil(Infinity);
    expect([since(of, 0), recent.bytes, of.forgottenAt]).toEqual([null, 0, 0]);
  });

  it('are bounded: the oldest are forgotten, and it is known since when', () => {
    const { of, put, recent } = made(3);
    const [first] = [put(1, '"a"'), put(2, '"b"'), put(3, '"c"')];
    expect(of.forgottenAt).toBe(0);
    put(4, '"d"');
    expect([of.forgottenAt, recent.bytes]).toEqual([first, 3 * rowBytes]);
    for (let n = 0; n < 5_000; n++) put(5, '"e"');
    expect(recent.bytes).toBe(3 * rowBytes);
    expect(since(of, 0)).toEqual({ bars: ['e'] });
    expect(of.forgottenAt).toBe(first + 3);
  });
});
