import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runScript, writeProgram, type Outcome } from './scripts.ts';

/**
 * What is asked of a server with TimescaleDB, in which order: against a psql and a pg_restore that write it down, because the
 * machine's PostgreSQL has no TimescaleDB, and the embedded one is of a version that its pg_dump does not know.
 */
describe('a backup of a database with TimescaleDB', () => {
  let folder: string;
  let backup: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-timescale-'));
    backup = path.join(folder, 'mdp-20260101T000000Z');
    mkdirSync(path.join(backup, 'config'), { recursive: true });
    const files = {
      './database.dump': 'a dump',
      './manifest': 'format 1\ntaken_at 2026-01-01T00:00:00Z\ntimescaledb 2.29.1\nschema_version 1\ntable public.bars 5 77\n',
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(backup, file), text);
    const sums = Object.entries(files).map(([file, text]) => `${createHash('sha256').update(text).digest('hex')}  ${file}\n`);
    writeFileSync(path.join(backup, 'SHA256SUMS'), sums.join(''));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  async function restore(server: { version: string; tables?: string; fails?: boolean }): Promise<Outcome & { asked: string[] }> {
    const log = path.join(folder, 'asked');
    writeProgram(folder, 'psql', [
      `text="\${@: -1}"; printf '%s\\n' "\${text//$'\\n'/ }" >>${log}`,
      'case "$text" in',
      `  *extversion*) echo ${server.version} ;;`,
      `  *pg_tables*) printf '%s' '${server.tables ?? ''}' ;;`,
      '  *EXISTS*) echo f ;;',
      '  *md5*) echo 5 77 ;;',
      'esac',
    ]);
    writeProgram(folder, 'pg_restore', [
      `[[ "$*" == *--file=/dev/null* ]] || { echo "restore" >>${log}; ${server.fails === true ? 'exit 1' : 'true'}; }`,
    ]);
    const outcome = await runScript('restore.sh', ['--into-empty', backup], {
      PATH: `${folder}:${process.env['PATH']}`, DATABASE_URL: 'postgres://mdp@nowhere/mdp',
    });
    return { ...outcome, asked: readFileSync(log, 'utf8').split('\n').flatMap(stepOf) };
  }

  it('is restored between timescaledb_pre_restore and timescaledb_post_restore, into the very version', async () => {
    const { code, stderr, asked } = await restore({ version: '2.29.1' });
    expect([code, stderr]).toEqual([0, '']);
    expect(asked).toEqual(["VERSION '2.29.1'", 'timescaledb_pre_restore', 'restore', 'timescaledb_post_restore', 'measure']);
  });

  it('leaves no database behind that takes itself for one that is being restored, also where the restore fails', async () => {
    const { code, asked } = await restore({ version: '2.29.1', fails: true });
    expect([code, asked.slice(-2)]).toEqual([1, ['restore', 'timescaledb_post_restore']]);
  });

  it('is refused where the database has another version, or tables that TimescaleDB keeps books about', async () => {
    const other = await restore({ version: '2.17.0' });
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('has TimescaleDB 2.17.0, the backup is of 2.29.1') });
    const full = await restore({ version: '2.29.1', tables: 'public.bars' });
    expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps books about them') });
    for (const { asked } of [other, full]) expect(asked).not.toContain('restore');
  });
});

function stepOf(line: string): string[] {
  const found = /VERSION '[\d.]+'|timescaledb_p\w+_restore|^restore$/.exec(line);
  if (found !== null) return [found[0]];
  return line.includes('md5') ? ['measure'] : [];
}
