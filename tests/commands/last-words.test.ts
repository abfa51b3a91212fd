import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LastWords } from '../../src/commands/last-words.ts';
import { loadConfig } from '../../src/config.ts';
import { MdpError } from '../../src/errors.ts';
import type { CrashReport } from '../../src/telemetry/crash-report.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { statusOf } from '../support/pipeline-status.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const secret = 'a-key-that-nobody-may-read';

describe('last words', () => {
  let directory = '';
  let log = '';
  let lastWords: LastWords;

  function open(reports: string): LastWords {
    const loaded = loadConfig({
      file: null, environment: { API_KEY: secret, PIPELINE_WATCHDOG_STALL_MS: '0', PIPELINE_CRASH_REPORTS_DIRECTORY: reports },
    });
    const { config, secrets } = loaded;
    const stream = { write: (text: string) => { log += text; } };
    const logger = createLogger({ settings: { ...config.log, format: 'json' }, stream, pipeline: config.name, secrets });
    lastWords = new LastWords({ loaded, log: logger, clock: new VirtualClock(), version: '0.0.0' });
    return lastWords;
  }

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-reports-'));
    log = '';
  });
  afterEach(async () => {
    await lastWords.close();
    rmSync(directory, { recursive: true });
  });

  function report(): CrashReport {
    return JSON.parse(readFileSync(path.join(directory, readdirSync(directory)[0]), 'utf8')) as CrashReport;
  }

  it('of an error that nobody knows are a report without secrets, and an error with exit code 70', () => {
    const words = open(directory);
    words.tellOf({ status: () => statusOf() }, 'digest', () => {});
    const cause = new Error('postgres://user:password-of-a-user@host refused');
    const end = words.endOf(new TypeError(`The header was Bearer ${secret}.`, { cause }));
    expect(end).toBeInstanceOf(MdpError);
    expect(end).toMatchObject({ code: 'crashed', exitCode: 70 });
    expect(report()).toMatchObject({ kind: 'unknown-error', program: { configDigest: 'digest' }, status: { pipeline: 'test' } });
    expect(report().error.cause!.message).toContain('refused');
    for (const hidden of [secret, 'password-of-a-user']) expect(JSON.stringify(report()) + log).not.toContain(hidden);
  });

  it('of an error that the program knows are that error, and no report', () => {
    const error = new MdpError('store-unavailable', 'The database does not answer.');
    expect(open(directory).endOf(error)).toBe(error);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('are said before there is a pipeline, and when its status is what is broken', () => {
    open(directory).endOf(new Error('early'));
    expect(report()).toMatchObject({ status: null, inFlight: null });
    lastWords.tellOf({ status: () => { throw new Error('broken too'); } }, 'digest', () => {});
    lastWords.endOf(new Error('late'));
    expect(report()).toMatchObject({ status: null, error: { message: 'late' } });
  });

  it('go to the log alone where no file can be written', () => {
    const notADirectory = path.join(directory, 'file');
    writeFileSync(notADirectory, '');
    open(notADirectory).endOf(new Error('nowhere to go'));
    expect(log).toContain('Crash reports cannot be written as files');
    expect(log).toContain('nowhere to go');
  });
});
