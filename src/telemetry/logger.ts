import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pino } from 'pino';
import type * as PinoPretty from 'pino-pretty';
import { MdpError, messageOf } from '../errors.ts';
import type { ValuesOf } from '../model/setting.ts';
import { redactor } from './redact.ts';
import type { logSettings } from './settings.ts';

/** What makes lines readable is loaded where somebody reads along: a daemon writes JSON. */
const later = createRequire(import.meta.url);

/** Fields first, then a full sentence in the past tense. An error goes under `error`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
  /**
   * Who wanted what changed, and what came of it; `audit: true` stands in the line. Written whatever the level. Throws an
   * MdpError `audit-failed` when log.audit_file cannot be written.
   */
  audit(fields: object, message: string): void;
}

/** Where lines go: process.stderr, or what a test gives. */
export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface LoggerOptions {
  readonly settings: ValuesOf<typeof logSettings>;
  readonly stream: LogStream;
  /** Values that must never be written: keys, passwords, URLs with passwords. */
  readonly secrets: readonly string[];
  /** Stands in every line. */
  readonly pipeline: string;
}

/** Lines are written at once, so that none is lost when the process ends. */
export function createLogger(options: LoggerOptions): Logger {
  const { settings, stream, pipeline } = options;
  const redact = redactor(options.secrets);
  const pretty = settings.format === 'pretty' || (settings.format === 'auto' && stream.isTTY === true);
  const render = pretty ? prettyRenderer(stream.isTTY === true) : (line: string) => line;
  const show = (line: string): unknown => stream.write(render(line));
  const shape = {
    timestamp: pino.stdTimeFunctions.isoTime, errorKey: 'error',
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const lines = pino({ ...shape, level: settings.level, base: { pipeline } }, {
    write: (line: string) => show(redact(line)),
  });
  const audits = pino({ ...shape, level: 'info', base: { pipeline, audit: true } }, {
    write: (line: string) => {
      const clean = redact(line);
      show(clean);
      keep(settings.audit_file, clean);
    },
  });
  return Object.assign(lines, { audit: (fields: object, message: string) => audits.info(fields, message) });
}

/** Only its owner may read it: it names people and addresses. */
function keep(file: string | null, line: string): void {
  if (file === null || file === '') return;
  try {
    appendFileSync(file, line, { mode: 0o600 });
  } catch (error) {
    const advice = 'Set log.audit_file to a file that this user may write, or leave it empty.';
    throw new MdpError('audit-failed', `The audit log ${file} cannot be written (${messageOf(error)}). ${advice}`, error);
  }
}

function prettyRenderer(colorize: boolean): (line: string) => string {
  const { prettyFactory } = later('pino-pretty') as typeof PinoPretty;
  return prettyFactory({
    colorize,
    ignore: 'pipeline',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    errorLikeObjectKeys: ['error'],
  });
}
