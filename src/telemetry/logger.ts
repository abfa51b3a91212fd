import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { ValuesOf } from '../model/setting.ts';
import { redactor } from './redact.ts';
import type { logSettings } from './settings.ts';

/** Fields first, then a full sentence in the past tense. An error goes under `error`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
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
  return pino({
    level: settings.level,
    base: { pipeline },
    timestamp: pino.stdTimeFunctions.isoTime,
    errorKey: 'error',
    formatters: { level: (label) => ({ level: label }) },
  }, { write: (line: string) => stream.write(render(redact(line))) });
}

function prettyRenderer(colorize: boolean): (line: string) => string {
  return prettyFactory({
    colorize,
    ignore: 'pipeline',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    errorLikeObjectKeys: ['error'],
  });
}
