import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { differencesOf } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { LogTick, OracleSettings } from '../oracle/log.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { storedLateTicks, storedTable } from '../support/stored-table.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);

const settings: OracleSettings = {
  specs: ['1s', '10s'], outOfOrdernessMs: 500, allowedLatenessMs: 2_000, maxFutureSkewMs: 300_000, maxJumpMs: 604_800_000,
  ids: 'absent', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: false, fromMs: null, untilMs: null,
};

/** The tick at a place of the log: one every 20 ms, some of them revise a bar and some come too late for any. */
function tickAt(position: number): LogTick {
  const backMs = position % 50 === 49 ? 1_800 : position % 333 === 332 ? 9_000 : 0;
  return {
    kind: 'tick', position, venue: 'v', symbol: `S${position % 5}`, price: 100 + (position * 7) % 31, size: 1 + (position % 4), side: 'buy',
    eventTimeMs: startMs + Math.max(0, position * 20 - backMs), tradeId: null, logTimeMs: null, receivedTimeMs: startMs * 2,
    offMarket: false,
  };
}

const why = whyNoPostgres();

describe.skipIf(why !== null)(`a roll-out with two processes${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  let [folder, file, name, length] = ['', '', '', 0];
  let database: Database;
  const daemons: DaemonProcess[] = [];
  beforeAll(async () => { postgres = await TestPostgres.start(); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-roll-out-'));
    file = path.join(folder, 'trades.csv');
    writeFileSync(file, 'event_time_ms,side,price,size,symbol\n');
    length = 0;
    name = await postgres.createDatabase();
    database = postgres.connect({ database: name });
    return async () => {
      await Promise.all(daemons.splice(0).map((each) => each.stop('SIGKILL'))); // What a failed test has left running.
      rmSync(folder, { recursive: true, force: true });
    };
  });

  const start = (args: readonly string[] = []): DaemonProcess => kept(new DaemonProcess({
    config: JSON.stringify({
      name: 'test', checkpoint: { interval_ms: 100 }, pipeline: { flush_ms: 10 },
      bars: {
        specs: settings.specs, out_of_orderness_ms: settings.outOfOrdernessMs, allowed_lateness_ms: settings.allowedLatenessMs,
        idle_ms: 600_000,
      },
      sources: [{ name: 'tail', type: 'replay', files: [file], venue: 'v', ids: 'absent', follow: args.length === 0, batch_ticks: 50 }],
    }),
    environment: { DATABASE_URL: postgres.url({ database: name }) }, args,
  }));

  function kept(daemon: DaemonProcess): DaemonProcess {
    daemons.push(daemon);
    return daemon;
  }

  function grow(ticks: number): void {
    const more = Array.from({ length: ticks }, (_, index) => tickAt(length + index));
    const lines = more.map(({ eventTimeMs, side, price, size, symbol }) => [eventTimeMs, side, price, size, symbol].join(','));
    appendFileSync(file, `${lines.join('\n')}\n`);
    length += ticks;
  }

  /** Waits until a checkpoint holds all that the log has: whoever wrote it has committed every row before. */
  const settled = (): Promise<void> => eventually(async () => {
    const { rows } = await database.query<{ position: number }>(limit, 'SELECT position FROM lane_checkpoints');
    return rows.length === 1 && rows[0].position === length;
  });

  async function differences(): Promise<readonly string[]> {
    const expected = foldLog(Array.from({ length }, (_, position) => tickAt(position)), settings);
    expect(expected.bars.length).toBeGreaterThan(100);
    expect(await storedLateTicks(database, 'test/tail')).toHaveLength(expected.lateTicks.length);
    return differencesOf(expected.bars, await storedTable(database, ['v']));
  }

  /** Nobody began another telling, and nothing was missed. */
  async function expectOneTelling(): Promise<void> {
    expect((await database.query(limit, 'SELECT generation, told_since FROM lanes')).rows).toEqual([{ generation: 1, told_since: 1 }]);
    expect((await database.query(limit, 'SELECT FROM gaps')).rows).toEqual([]);
  }

  it('blue-green: green starts, blue ends, in order or not, and back again; no bar is missing, double or other', async () => {
    grow(500);
    let blue = start();
    await settled();
    for (let round = 0; round < 4; round++) {
      grow(400);
      const green = start();
      await green.logged('is taken up at position');
      grow(400); // Both read it.
      await settled();
      grow(400);
      expect(await blue.stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')).toBe(round % 2 === 0 ? 0 : null);
      grow(400);
      await settled();
      blue = green;
    }
    expect(await blue.stop()).toBe(0);
    expect(await differences()).toEqual([]);
    await expectOneTelling();
  });

  it('rolling: the old one ends before the new one starts, back and forth, in order or not', async () => {
    grow(500);
    for (let round = 0; round < 4; round++) {
      const only = start();
      await only.ready();
      await settled();
      grow(700);
      if (round % 2 === 0) await settled();
      expect(await only.stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')).toBe(round % 2 === 0 ? 0 : null);
      grow(300);
    }
    const last = start();
    await settled();
    expect(await last.stop()).toBe(0);
    expect(await differences()).toEqual([]);
    await expectOneTelling();
  });

  it('back to a version that does not know the checkpoint: refused in words, nothing is changed, and the newer one goes on', async () => {
    grow(2_000);
    const newer = start();
    await settled();
    expect(await newer.stop()).toBe(0);
    const [{ state }] = (await database.query<{ state: Buffer }>(limit, 'SELECT state FROM lane_checkpoints')).rows;
    await database.query(limit, 'UPDATE lane_checkpoints SET state = $1', [ofFormat(state, 2)]);
    const before = await storedTable(database, ['v']);
    grow(1_000);
    const older = start(['--until-end']);
    const code = await older.stop('SIGCONT');
    expect([code, older.log]).toEqual([3, expect.stringContaining('checkpoint-unreadable')]);
    for (const words of ['test/tail', 'format 2, and this version of mdp reads format 1']) expect(older.log).toContain(words);
    expect(await storedTable(database, ['v'])).toEqual(before);
    await database.query(limit, 'UPDATE lane_checkpoints SET state = $1', [state]);
    const again = start();
    await settled();
    expect(await again.stop()).toBe(0);
    expect(await differences()).toEqual([]);
    await expectOneTelling();
  });

  it('back to a version that does not know the schema: refused in words before it touches anything', async () => {
    await database.query(limit, "INSERT INTO schema_version (version, name) VALUES (9999, '9999_future.sql')");
    grow(500);
    const older = start();
    const code = await older.ended();
    expect([code, older.log]).toEqual([3, expect.stringContaining('schema-unknown')]);
    expect(older.log).toContain('A newer mdp has migrated it: run that version or a later one. Nothing was changed.');
    expect((await database.query(limit, 'SELECT FROM lanes')).rows).toEqual([]);
    await older.stop();
  });
});

/** The bytes of a state as a version with another format would have written them: sealed, and the number is another. */
function ofFormat(state: Uint8Array, format: number): Buffer {
  const bytes = Buffer.from(state);
  bytes.writeUInt32LE(format, 8);
  createHash('sha256').update(bytes.subarray(24, -32)).update(bytes.subarray(0, 24)).digest().copy(bytes, bytes.length - 32);
  return bytes;
}
