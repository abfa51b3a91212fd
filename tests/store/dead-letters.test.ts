import { expect, it } from 'vitest';
import type { LetterFilter, LetterKey } from '../../src/model/dead-letter.ts';
import type { Database } from '../../src/postgres.ts';
import {
  countLetters, dropLetter, dropLetters, laneNames, listLetters, readLane, readLetter, settleLetter,
} from '../../src/store/dead-letters.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const all: LetterFilter = { lane: null, origin: null, reason: null, sinceMs: null };
const startMs = Date.UTC(2024, 0, 1);
const key = (overrides: Partial<LetterKey> = {}): LetterKey =>
  ({ lane: 'p/a', generation: 1, position: 0, origin: 'tick', counter: 0, ...overrides });

interface PlainLetter extends Partial<LetterKey> {
  readonly reason?: string;
  readonly bytes?: Uint8Array;
  readonly lastMs?: number;
}

describeOnEachServer('dead letters in the table', (server) => {
  let database: Database;

  async function prepare(...letters: readonly PlainLetter[]): Promise<void> {
    database = await server.migratedDatabase();
    for (const letter of letters) {
      const { lane, generation, position, origin, counter } = key(letter);
      const { reason = 'bad-price', bytes = Buffer.from('x'), lastMs = startMs } = letter;
      await database.query(limit, `INSERT INTO dead_letters VALUES ($1, $2, $3, $4, $5, $6, 'said', 'a.csv:1', $7,
        to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000))`,
      [lane, generation, position, origin, counter, reason, bytes, startMs, lastMs]);
    }
  }
  const list = async (filter: Partial<LetterFilter> = {}, most = 100): Promise<number[]> =>
    (await listLetters(database, limit, { ...all, ...filter, order: 'newest', limit: most })).map(({ position }) => position);
  const fiveKinds: readonly PlainLetter[] = [
    { position: 1, lastMs: startMs + 5_000 },
    { position: 2, origin: 'row', reason: 'refused', lastMs: startMs + 4_000 },
    { position: 3, lane: 'p/b', lastMs: startMs + 3_000 },
    { position: 4, reason: 'malformed', lastMs: startMs + 2_000 },
    { position: 5, reason: 'malformed', lastMs: startMs + 1_000 },
  ];

  it('are listed newest first, as filtered, up to a limit; in the order of the log when asked', async () => {
    await prepare(...fiveKinds);
    expect(await list()).toEqual([1, 2, 3, 4, 5]);
    expect(await list({}, 2)).toEqual([1, 2]);
    expect(await list({ lane: 'p/b' })).toEqual([3]);
    expect(await list({ origin: 'row' })).toEqual([2]);
    expect(await list({ reason: 'malformed' })).toEqual([4, 5]);
    expect(await list({ sinceMs: startMs + 3_000 })).toEqual([1, 2, 3]);
    expect(await list({ reason: 'malformed', sinceMs: startMs + 1_500 })).toEqual([4]);
    const inLog = await listLetters(database, limit, { ...all, order: 'log', limit: 9 });
    expect(inLog.map(({ lane, position }) => `${lane} ${position}`)).toEqual(['p/a 1', 'p/a 2', 'p/a 4', 'p/a 5', 'p/b 3']);
    expect(await laneNames(database, limit)).toEqual(['p/a', 'p/b']);
  });

  it('are counted by lane, origin and reason, the most first', async () => {
    await prepare(...fiveKinds);
    expect(await countLetters(database, limit, { ...all, lane: 'p/a' })).toEqual([
      { lane: 'p/a', origin: 'tick', reason: 'malformed', letters: 2, lastAtMs: startMs + 2_000 },
      { lane: 'p/a', origin: 'row', reason: 'refused', letters: 1, lastAtMs: startMs + 4_000 },
      { lane: 'p/a', origin: 'tick', reason: 'bad-price', letters: 1, lastAtMs: startMs + 5_000 },
    ]);
  });

  it('show all their bytes, and in a list the beginning', async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
    await prepare({ bytes });
    expect(await readLetter(database, limit, key())).toEqual({
      ...key(), reason: 'bad-price', message: 'said', place: 'a.csv:1', firstAtMs: startMs, lastAtMs: startMs, retries: 0,
      bytes, bytesTotal: 1_000,
    });
    const [listed] = await listLetters(database, limit, { ...all, order: 'newest', limit: 1 });
    expect(listed.bytes).toEqual(bytes.subarray(0, 200));
    expect(listed.bytesTotal).toBe(1_000);
    expect(await readLetter(database, limit, key({ counter: 1 }))).toBeNull();
  });

  it('are dropped by key or by filter, and only those', async () => {
    await prepare(...fiveKinds);
    expect(await dropLetter(database, limit, key({ position: 1 }))).toBe(true);
    expect(await dropLetter(database, limit, key({ position: 1 }))).toBe(false);
    expect(await dropLetter(database, limit, key({ position: 2 }))).toBe(false); // The one at 2 is a row.
    expect(await dropLetters(database, limit, { ...all, reason: 'malformed', lane: 'p/a' })).toBe(2);
    expect(await list()).toEqual([2, 3]);
  });

  it('go when an attempt is done, with what it wrote', async () => {
    await prepare({}, { position: 1 });
    const settled = await settleLetter(database, limit, {
      key: key(), nowMs: startMs,
      attempt: async (letter, client) => {
        await client.query("INSERT INTO gaps VALUES ('p/a', 1, 1, '', '', '', now(), now(), 'restart', 0)");
        return { kind: 'done', note: letter.message };
      },
    });
    expect(settled).toEqual({ kind: 'done', note: 'said' });
    expect(await list()).toEqual([1]);
    expect((await database.query(limit, 'SELECT FROM gaps')).rowCount).toBe(1);
  });

  it('stay when it is refused, with a retry more, the newest words, and nothing of what it wrote', async () => {
    await prepare({});
    const refuse = (message: string, nowMs: number): Promise<unknown> => settleLetter(database, limit, {
      key: key(), nowMs,
      attempt: async (_, client) => {
        await client.query("INSERT INTO gaps VALUES ('p/a', 1, 1, '', '', '', now(), now(), 'restart', 0)");
        return { kind: 'refused', message };
      },
    });
    await refuse('no', startMs + 60_000);
    expect(await refuse('no \0 again', startMs + 30_000)).toEqual({ kind: 'refused', message: 'no \0 again' });
    expect(await readLetter(database, limit, key()))
      .toMatchObject({ retries: 2, message: 'no \uFFFD again', firstAtMs: startMs, lastAtMs: startMs + 60_000 });
    expect((await database.query(limit, 'SELECT FROM gaps')).rowCount).toBe(0);
  });

  it('stay as they were when they cannot be tried, or the attempt fails of itself', async () => {
    await prepare({});
    const settle = (attempt: () => Promise<{ kind: 'unfit'; message: string }>): Promise<unknown> =>
      settleLetter(database, limit, { key: key(), nowMs: startMs + 1, attempt });
    await settle(async () => ({ kind: 'unfit', message: 'not so' }));
    await expect(settle(async () => { throw new Error('disk full'); })).rejects.toThrow('disk full');
    expect(await readLetter(database, limit, key())).toMatchObject({ retries: 0, message: 'said', lastAtMs: startMs });
  });

  it('are tried by one of two who try them at the same time', async () => {
    await prepare({});
    let attempts = 0;
    const settle = (): Promise<unknown> => settleLetter(database, limit, {
      key: key(), nowMs: startMs,
      attempt: async (_, client) => {
        attempts++;
        await client.query('SELECT pg_sleep(0.05)');
        return { kind: 'done', note: '' };
      },
    });
    const settled = await Promise.all([settle(), settle()]);
    expect(settled).toContainEqual({ kind: 'done', note: '' });
    expect(settled).toContainEqual(null);
    expect(attempts).toBe(1);
  });

  it('know the source and the log of their lane', async () => {
    await prepare();
    await database.query(limit, `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time)
      VALUES ('p/a', 'a', 1, 'the log', false, now())`);
    expect(await readLane(database, limit, 'p/a')).toEqual({ source: 'a', logIdentity: 'the log' });
    expect(await readLane(database, limit, 'p/b')).toBeNull();
  });
});
