import { describe, expect, it } from 'vitest';
import { progressLine, showProgress } from '../../src/commands/progress.ts';
import { sourceOf, statusOf } from '../support/pipeline-status.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('how far a source has come', () => {
  const time = { elapsedMs: 30_000, intervalMs: 500 };

  it('is its share, its speed since the last look, and the time left at the speed of all of it', () => {
    const before = sourceOf({ name: 'history', items: 1_000, share: 0.2 });
    expect(progressLine(sourceOf({ name: 'history', items: 2_501_000, share: 0.25 }), before, time))
      .toEqual(['history  25.0 %  5,000,000 ticks/s  01:30 left']);
  });

  it('is nothing where the end is not known, or is behind it', () => {
    expect(progressLine(sourceOf({ share: null }), undefined, time)).toEqual([]);
    expect(progressLine(sourceOf({ share: 1, state: 'ended' }), undefined, time)).toEqual([]);
  });
});

describe('the line on a terminal', () => {
  const cleared = '\r\u001b[K';

  async function shown(isTTY: boolean): Promise<string[]> {
    const clock = new VirtualClock();
    const written: string[] = [];
    const until = new AbortController();
    const pipeline = { status: () => statusOf({ nowMs: clock.nowMs(), sources: [sourceOf({ items: 10, share: 0.5 })] }) };
    const showing = showProgress(pipeline, { clock, stream: { isTTY, write: (text) => written.push(text) }, until: until.signal });
    await clock.advance(1_000);
    until.abort();
    await showing;
    return written;
  }

  it('leaves the cursor at its beginning, so that a log line covers it, and is gone at the end', async () => {
    const written = await shown(true);
    expect(written.slice(0, -1)).toHaveLength(2);
    for (const text of written.slice(0, -1)) {
      expect(text.startsWith(`${cleared}demo  50.0 %`)).toBe(true);
      expect(text.endsWith(' left\r')).toBe(true);
    }
    expect(written.at(-1)).toBe(cleared);
  });

  it('is not written where nobody looks', async () => {
    expect(await shown(false)).toEqual([]);
  });
});
