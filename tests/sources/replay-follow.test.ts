import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { readAll, replayOf, TestFolder, type Seen } from './reading.ts';

const folder = new TestFolder();
afterAll(() => folder[Symbol.dispose]());

const header = 'trade_id,event_time_ms,side,price,size';
const row = (n: number): string => `${n},${1_570_752_000_000 + n},buy,100,1\n`;

/** Follows a file; `steps[n]` happens when so many ticks were seen. The last one ends the reading. */
async function follow(
  files: readonly string[],
  steps: Readonly<Record<number, (drain: AbortController) => void>>,
): Promise<Seen> {
  const drain = new AbortController();
  const done = new Set<number>();
  const afterBatch = (seen: Seen): void => {
    for (const [count, step] of Object.entries(steps)) {
      if (seen.ticks.length < Number(count) || done.has(Number(count))) continue;
      done.add(Number(count));
      step(drain);
    }
  };
  return readAll(replayOf({ files, follow: true }), { drain, afterBatch });
}

describe('a growing file', () => {
  it('gives the lines that are appended, and a last one only when its line feed comes', async () => {
    const file = folder.write('grow.csv', `${header}\n${row(0)}${row(1)}`);
    const half = row(3).length / 2;
    const seen = await follow([file], {
      2: () => appendFileSync(file, row(2) + row(3).slice(0, half)),
      3: () => appendFileSync(file, row(3).slice(half) + row(4)),
      5: (drain) => {
        appendFileSync(file, '5,1570752000005,buy,100,1'); // No line feed: it stays where it is.
        drain.abort();
      },
    });
    expect(seen.error).toBeNull();
    expect(seen.ticks.map(({ tradeId }) => tradeId)).toEqual([0, 1, 2, 3, 4]);
    expect(seen.nextPosition).toBe(5);
    expect([...seen.atLogEnd]).toEqual([false]);
  });

  it('may still be empty when it is first looked at', async () => {
    const file = folder.write('empty.csv', '');
    const drain = new AbortController();
    const reading = readAll(replayOf({ files: [file], follow: true }), {
      drain,
      afterBatch: () => drain.abort(),
    });
    appendFileSync(file, `${header}\n`);
    appendFileSync(file, row(0));
    expect((await reading).ticks).toHaveLength(1);
  });

  it('is the last one of the files; those before it end', async () => {
    const first = folder.write('first.csv', `${header}\n${row(0)}`);
    const last = folder.write('last.csv', `${header}\n`);
    const seen = await follow([first, last], {
      1: () => appendFileSync(last, row(1)),
      2: (drain) => drain.abort(),
    });
    expect(seen.ticks.map(({ tradeId }) => tradeId)).toEqual([0, 1]);
  });

  it('that becomes shorter is another log: reading it fails', async () => {
    const file = folder.write('shrink.csv', `${header}\n${row(0)}`);
    const seen = await follow([file], { 1: () => truncateSync(file, 5) });
    expect(seen.error?.code).toBe('source-failed');
    expect(seen.error?.message).toContain('became shorter');
  });

  it('whose place another file takes is another log: reading it fails', async () => {
    const file = folder.write('rotate.csv', `${header}\n${row(0)}`);
    const seen = await follow([file], {
      1: () => {
        renameSync(file, `${file}.1`);
        writeFileSync(file, `${header}\n`);
      },
    });
    expect(seen.error?.code).toBe('source-failed');
    expect(seen.error?.message).toContain('another file took its place');
  });

  it('must not be compressed', async () => {
    const seen = await follow([folder.write('packed.csv.gz', gzipSync(header))], {});
    expect(seen.error?.code).toBe('source-malformed');
    expect(seen.error?.message).toContain('follow is for files without compression');
  });

  it('has no known share of progress', async () => {
    const file = folder.write('share.csv', `${header}\n${row(0)}`);
    const made = replayOf({ files: [file], follow: true });
    const drain = new AbortController();
    await readAll(made, { drain, afterBatch: () => drain.abort() });
    expect(made.source.progress?.()).toEqual({ share: null, ticks: 1 });
  });
});
