import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commandPath } from '../packaging/files.ts';
import { TinyDisk } from '../support/faults/tiny-disk.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { runScript, writeProgram, type Outcome } from './scripts.ts';

const limit = { deadlineMs: 30_000 };
const dayMs = 86_400_000;
const why = whyNoPostgres();

describe.skipIf(why !== null)(`backups${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  let folder: string;
  let name: string;
  let made: string;
  let backup: string;
  const backups = (): string => path.join(folder, 'backups');
  const url = (database: string): { DATABASE_URL: string } => ({ DATABASE_URL: postgres.url({ database }) });
  const backUp = (args: readonly string[] = [], environment: Record<string, string> = {}): Promise<Outcome> =>
    runScript('backup.sh', ['--to', backups(), ...args], { ...url(name), ...environment });
  const restore = async (target: string, ...args: readonly string[]): Promise<Outcome> =>
    await runScript('restore.sh', [...args, backup], url(target));
  const query = async (database: string, text: string): Promise<readonly object[]> =>
    (await postgres.connect({ database }).query<object>(limit, text)).rows;
  const isEmpty = async (database: string): Promise<boolean> =>
    (await query(database, "SELECT FROM pg_tables WHERE schemaname = 'public'")).length === 0;

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    name = await postgres.createDatabase();
    await query(name, "INSERT INTO gaps VALUES ('l', 1, 2, 'v', 'S', '', now(), now(), 'restart', 0)");
    folder = made = mkdtempSync(path.join(tmpdir(), 'mdp-backup-'));
    await backUp();
  });
  afterAll(async () => {
    rmSync(made, { recursive: true, force: true });
    await postgres.dispose();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-backup-'));
    cpSync(path.join(made, 'backups'), backups(), { recursive: true });
    backup = path.join(backups(), readdirSync(backups())[0]);
    return () => rmSync(folder, { recursive: true, force: true });
  });

  describe('that are damaged', () => {
    const flip = (file: string): void => {
      const bytes = readFileSync(file);
      bytes[Math.floor(bytes.length / 2)] ^= 1;
      writeFileSync(file, bytes);
    };
    const damages: readonly (readonly [string, () => void, string])[] = [
      ['by one bit', () => flip(path.join(backup, 'database.dump')), 'database.dump: FAILED'],
      ['by one bit of the manifest', () => flip(path.join(backup, 'manifest')), 'manifest: FAILED'],
      ['by a dump that is cut off', () => {
        const bytes = readFileSync(path.join(backup, 'database.dump'));
        writeFileSync(path.join(backup, 'database.dump'), bytes.subarray(0, bytes.length - 100));
      }, 'database.dump: FAILED'],
      ['by a lost file', () => rmSync(path.join(backup, 'manifest')), 'manifest is missing'],
      ['by sums that leave the dump out', () => {
        const sums = readFileSync(path.join(backup, 'SHA256SUMS'), 'utf8').split('\n');
        writeFileSync(path.join(backup, 'SHA256SUMS'), sums.filter((line) => !line.endsWith('database.dump')).join('\n'));
      }, 'no sum of database.dump'],
    ];
    for (const [how, damage, words] of damages) {
      it(`${how} are refused, and the database is left alone`, async () => {
        const target = await postgres.createDatabase(false);
        damage();
        expect(await restore(target)).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
        expect(await runScript('restore.sh', ['--check', backup])).toMatchObject({ code: 1 });
        expect(await isEmpty(target)).toBe(true);
      });
    }

    it('in what the database holds afterwards are told of by table', async () => {
      const manifest = path.join(backup, 'manifest');
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^(table public.gaps 1 ).*$/m, '$1123'));
      resum();
      const { code, stderr } = await restore(await postgres.createDatabase(false));
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^public.gaps differs: 1 rows with the sum 123.*Do not use it/s)]);
    });
  });

  /** Sums that fit the files again. */
  function resum(): void {
    const sums = ['./database.dump', './manifest'].map((file) =>
      `${createHash('sha256').update(readFileSync(path.join(backup, file))).digest('hex')}  ${file}\n`);
    writeFileSync(path.join(backup, 'SHA256SUMS'), sums.join(''));
  }

  it('of a newer schema are refused in words', async () => {
    const manifest = path.join(backup, 'manifest');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^schema_version .*$/m, 'schema_version 9999'));
    resum();
    const target = await postgres.createDatabase(false);
    const words = 'schema version 9999; this mdp knows versions up to';
    expect(await restore(target)).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    expect(await isEmpty(target)).toBe(true);
  });

  describe('are restored', () => {
    it('never over rows, whatever is said', async () => {
      const target = await postgres.createDatabase();
      await query(target, "INSERT INTO gaps VALUES ('mine', 1, 2, 'v', 'S', '', now(), now(), 'restart', 0)");
      for (const args of [[], ['--into-empty']]) {
        expect(await restore(target, ...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('holds rows in public.gaps') });
      }
      expect(await query(target, 'SELECT lane FROM gaps')).toEqual([{ lane: 'mine' }]);
    });

    it('over tables without rows only when that is asked for', async () => {
      const target = await postgres.createDatabase();
      expect(await restore(target)).toMatchObject({ code: 1, stderr: expect.stringContaining('--into-empty') });
      expect(await restore(target, '--into-empty')).toMatchObject({ code: 0, stderr: '' });
      expect(await query(target, 'SELECT lane FROM gaps')).toEqual([{ lane: 'l' }]);
    });

    it('not where a pipeline is at work', async () => {
      const target = await postgres.createDatabase(false);
      const session = postgres.connect({ database: target });
      await session.use(limit, async (client) => {
        await client.query("SET application_name = 'mdp sink'");
        expect(await restore(target)).toMatchObject({ code: 1, stderr: expect.stringContaining('A pipeline is at work') });
      });
    });
  });

  describe('that are old', () => {
    const old = (days: number): string => {
      const stamp = new Date(Date.now() - days * dayMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      const copy = path.join(backups(), `mdp-${stamp}`);
      cpSync(backup, copy, { recursive: true });
      return copy;
    };

    it('go once a new one is complete, younger ones and what is not ours stay', async () => {
      const [eight, six] = [old(8), old(6)];
      mkdirSync(path.join(backups(), 'mine'));
      rmSync(backup, { recursive: true });
      const { code, stdout } = await backUp();
      expect(code).toBe(0);
      expect([eight, six, stdout.trim(), path.join(backups(), 'mine')].map((each) => existsSync(each))).toEqual([false, true, true, true]);
      rmSync(stdout.trim(), { recursive: true });
      await backUp(['--keep-days', '0']);
      expect(readdirSync(backups()).filter((each) => each.startsWith('mdp-'))).toHaveLength(1); // The new one.
    });

    it('stay where no new one came to be: the last good one is never removed, and nothing is left half done', async () => {
      const eight = old(8);
      const before = readdirSync(backups()).toSorted();
      const failures = [
        await backUp([], url('nobody')), await backUp([], url(await postgres.createDatabase(false))),
        await backUp([], { PATH: programs('pg_dump', ['exit 1']) }),
        await backUp([], { PATH: programs('pg_restore', ['exit 1']) }),
      ];
      const words = ['database "nobody" does not exist', 'no tables of mdp', 'pg_dump failed', 'cannot be read back'];
      expect(failures.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
      for (const [index, { stderr }] of failures.entries()) expect(stderr).toContain(words[index]);
      expect([existsSync(eight), readdirSync(backups()).toSorted()]).toEqual([true, before]);
    });
  });

  const noDisk = TinyDisk.whyNot();
  it.skipIf(noDisk !== null)(`that find no room${noDisk === null ? '' : ` (LEFT OUT: ${noDisk})`} fail, and older ones stay`, async () => {
    const disk = TinyDisk.mount(1);
    try {
      const kept = path.join(disk.directory, 'mdp-20200101T000000Z');
      cpSync(backup, kept, { recursive: true });
      disk.fill();
      const toDisk = (): Promise<Outcome> => runScript('backup.sh', ['--to', disk.directory], url(name));
      expect(await toDisk()).toMatchObject({ code: 1, stderr: expect.stringContaining('No space left on device') });
      expect(readdirSync(disk.directory)).toEqual(['mdp-20200101T000000Z']);
      expect(await runScript('restore.sh', ['--check', kept])).toMatchObject({ code: 0 });
      disk.free();
      expect(await toDisk()).toMatchObject({ code: 0, stderr: '' });
    } finally {
      disk.unmount();
    }
  });

  /** A PATH on which one program is another. */
  function programs(program: string, lines: readonly string[]): string {
    const first = path.join(folder, `with-${program}`);
    writeProgram(first, program, lines);
    return `${first}:${process.env['PATH']}`;
  }

  it('say which tool is missing, and what brings it', async () => {
    const tools = path.join(folder, 'tools');
    mkdirSync(tools);
    for (const tool of ['bash', 'dirname', 'env', 'psql', 'sha256sum', 'pg_restore']) {
      symlinkSync(commandPath(tool)!, path.join(tools, tool));
    }
    expect(await backUp([], { PATH: tools })).toMatchObject({
      code: 1, stderr: expect.stringMatching(/^pg_dump is not installed.*postgresql-client/),
    });
  });

  it('show no password in the list of processes', async () => {
    const seen = path.join(folder, 'seen');
    const dump = programs('pg_dump', [`echo "$@" "$PGPASSWORD" >${seen}`, 'exit 1']);
    await backUp([], { PATH: dump, DATABASE_URL: postgres.url({ database: name, password: 'p%40ss' }) });
    expect(readFileSync(seen, 'utf8')).toMatch(/-d postgres:\/\/mdp@127.* p@ss\n$/);
  });
});
