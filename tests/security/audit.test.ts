import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audited } from '../../src/commands/audited.ts';
import { MdpError } from '../../src/errors.ts';
import { Happenings } from '../../src/telemetry/happenings.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';
import { MetricRegistry } from '../../src/telemetry/registry.ts';
import { temporaryFiles } from '../support/config-files.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { Program } from '../support/program.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

type Line = Readonly<Record<string, unknown>>;

const secret = 'a-key-that-nobody-may-read';
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-audit-'));
const kept = path.join(folder, 'audit.log');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(kept, { force: true }));

const linesIn = (text: string): Line[] => text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
const auditsIn = (text: string): Line[] => linesIn(text).filter(({ audit }) => audit === true);

function logTo(settings: { level?: string; audit_file?: string } = {}): { log: Logger; text: () => string } {
  const texts: string[] = [];
  const log = createLogger({
    settings: { level: settings.level ?? 'info', format: 'json', audit_file: settings.audit_file ?? null } as Parameters<typeof createLogger>[0]['settings'],
    stream: { write: (text) => texts.push(text) }, secrets: [secret], pipeline: 'test',
  });
  return { log, text: () => texts.join('') };
}

describe('a line of the audit log', () => {
  it('is written whatever the level, and told apart from all others', () => {
    for (const level of ['info', 'error', 'silent']) {
      const { log, text } = logTo({ level });
      log.audit({ what: 'x' }, 'It was done.');
      expect(linesIn(text())).toMatchObject([{ audit: true, pipeline: 'test', what: 'x', msg: 'It was done.' }]);
    }
    const { log, text } = logTo();
    log.info({}, 'Another line.');
    expect(auditsIn(text())).toEqual([]);
  });

  it('is kept in a file of its own, which only its owner may read, behind what stands there', () => {
    for (const what of ['first', 'second']) {
      const { log, text } = logTo({ audit_file: kept });
      log.audit({ what }, 'It was done.');
      expect(auditsIn(text())).toHaveLength(1);
    }
    expect(auditsIn(readFileSync(kept, 'utf8')).map(({ what }) => what)).toEqual(['first', 'second']);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  it('holds no secret, in the log and in the file', () => {
    const { log, text } = logTo({ audit_file: kept });
    log.audit({ what: `Bearer ${secret}`, url: `postgres://u:${secret}@h/d` }, `It was ${secret}.`);
    expect(text() + readFileSync(kept, 'utf8')).not.toContain(secret);
    expect(auditsIn(readFileSync(kept, 'utf8'))).toHaveLength(1);
  });
});

describe('a command that changes something', () => {
  const change = { command: 'lanes rename', from: 'a/b', to: 'a/c' };
  const who = { user: userInfo().username, host: hostname() };

  it('stands in the audit log before it begins and when it is done', async () => {
    const { log, text } = logTo();
    const result = await audited(log, change, () => {
      expect(auditsIn(text())).toMatchObject([{ ...who, ...change, outcome: 'begun' }]);
      return Promise.resolve(7);
    });
    expect(result).toBe(7);
    expect(auditsIn(text())).toMatchObject([{ outcome: 'begun' }, { ...who, ...change, outcome: 'done' }]);
  });

  it('stands there with its code when it fails, and fails as it did', async () => {
    const { log, text } = logTo();
    await expect(audited(log, change, () => Promise.reject(new MdpError('lane-refused', 'No.')))).rejects.toThrow('No.');
    await expect(audited(log, change, () => Promise.reject(new Error(secret)))).rejects.toThrow(secret);
    expect(auditsIn(text()).map(({ outcome, code }) => [outcome, code])).toEqual([
      ['begun', undefined], ['failed', 'lane-refused'], ['begun', undefined], ['failed', 'unexpected'],
    ]);
    expect(text()).not.toContain(secret);
  });

  it('does nothing when its line cannot be kept', async () => {
    const { log } = logTo({ audit_file: folder });
    let isDone = false;
    const work = async (): Promise<void> => { isDone = true; };
    await expect(audited(log, change, work)).rejects.toMatchObject({ code: 'audit-failed', exitCode: 2 });
    expect(isDone).toBe(false);
  });
});

describe('a call of the server', () => {
  const call = { key: null, address: '198.51.100.7', method: 'GET', path: '/api/status', status: 401 };

  function serverTo(log: Logger) {
    const clock = new VirtualClock();
    const metrics = new MetricRegistry({ pipeline: 'test', version: '1', operator: 'time-bars', sinks: ['s'], clock, processMetrics: false });
    return { happenings: new Happenings({ logger: log, metrics, clock }), clock };
  }

  it('that wants something changed stands there with the name of its key, its address and what came of it', () => {
    const { log, text } = logTo({ level: 'silent' });
    const { happenings: { server } } = serverTo(log);
    server.changeAnswered({ ...call, key: 'desk', method: 'POST', status: 204 });
    server.changeAnswered({ ...call, method: 'DELETE' });
    expect(auditsIn(text())).toMatchObject([
      { key: 'desk', address: '198.51.100.7', what: 'POST /api/status', status: 204, outcome: 'done' },
      { key: null, address: '198.51.100.7', what: 'DELETE /api/status', status: 401, outcome: 'refused' },
    ]);
  });

  it('without the right key stands there once, and every 30 s how many more there were', async () => {
    const { log, text } = logTo();
    const { happenings, clock } = serverTo(log);
    const stop = new AbortController();
    const running = happenings.run(stop.signal);
    for (let guess = 0; guess < 1_000; guess++) happenings.server.keyRefused({ ...call, address: `198.51.100.${guess % 200}` });
    expect(auditsIn(text())).toMatchObject([{ address: '198.51.100.0', outcome: 'refused' }]);
    await clock.advance(30_000);
    expect(auditsIn(text())).toMatchObject([{}, { address: '198.51.100.199', outcome: 'refused', count: 999 }]);
    stop.abort();
    await running;
  });

  it('is answered all the same when its line cannot be kept, which the log says', () => {
    const { log, text } = logTo({ audit_file: folder });
    serverTo(log).happenings.server.changeAnswered({ ...call, method: 'POST' });
    expect(text()).toContain('cannot be written');
  });

  it('is let in by keys whose coming and going stands there by name', () => {
    const { log, text } = logTo();
    serverTo(log).happenings.server.keysRead({ file: '/keys', names: ['desk', 'research'] });
    expect(auditsIn(text())).toMatchObject([{ what: 'api keys', names: ['desk', 'research'], outcome: 'read' }]);
  });
});

const why = whyNoPostgres();

describe.skipIf(why !== null)(`mdp${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const file = temporaryFiles();
  const config = file('config.yaml', 'name: desk\nlog: { level: silent }\nsources:\n  - { name: new, type: synthetic }\n');
  let postgres: TestPostgres;
  let variables: Record<string, string>;
  beforeAll(async () => {
    postgres = await TestPostgres.start();
    variables = { DATABASE_URL: postgres.url({ database: await postgres.createDatabase() }), PIPELINE_LOG_AUDIT_FILE: kept };
  });
  afterAll(() => postgres.dispose());

  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    new Program([...args, '--file', config], { ...variables, ...more }).ended();

  it.each([
    [['migrate'], 'migrate', 'done', 0],
    [['lanes', 'rename', 'desk/old', 'desk/new'], 'lanes rename', 'failed', 2],
    [['lanes', 'hand-over', 'desk/old', 'desk/new', '--at', '2026-01-05'], 'lanes hand-over', 'failed', 2],
    [['dead-letters', 'drop', '--origin', 'row', '--yes'], 'dead-letters drop', 'done', 0],
    [['dead-letters', 'replay', '--origin', 'row', '--yes'], 'dead-letters replay', 'done', 0],
  ])('%s leaves its two lines, also in the file', async (args, command, outcome, code) => {
    const answer = await run(args);
    expect(answer.code, answer.error).toBe(code);
    for (const text of [answer.error, readFileSync(kept, 'utf8')]) {
      expect(auditsIn(text)).toMatchObject([{ command, outcome: 'begun' }, { command, outcome, user: userInfo().username }]);
    }
  });

  it.each([
    [['lanes', 'list']], [['dead-letters', 'list']], [['dead-letters', 'drop', '--origin', 'row']],
  ])('%s changes nothing and leaves none', async (args) => {
    expect(auditsIn((await run(args)).error)).toEqual([]);
  });

  it('run --rebuild leaves one before it begins', async () => {
    const answer = await run(['run', '--rebuild', 'nobody'], { PIPELINE_STORE_CONNECT_TIMEOUT_MS: '2000', PORT: '0' });
    expect(answer.code).not.toBe(0);
    expect(auditsIn(readFileSync(kept, 'utf8'))).toMatchObject([{ command: 'run', rebuild: ['nobody'], outcome: 'begun' }]);
  });

  it('refuses to change what it could not tell of', async () => {
    const answer = await run(['migrate'], { PIPELINE_LOG_AUDIT_FILE: folder });
    expect([answer.code, answer.error]).toEqual([2, expect.stringContaining('audit-failed')]);
  });
});
