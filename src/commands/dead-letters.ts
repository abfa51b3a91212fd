import { loadConfig, type Config } from '../config.ts';
import { keyText, parseKey } from '../dead-letters/letter-key.ts';
import { letterJson, letterText, listJson, listText, totalOf, totalsText } from '../dead-letters/letter-text.ts';
import { MdpError } from '../errors.ts';
import { systemClock } from '../lifecycle.ts';
import type { LetterFilter, LetterOrigin } from '../model/dead-letter.ts';
import { instantRule, parseInstant } from '../model/instant.ts';
import type { Database, Limit } from '../postgres.ts';
import { countLetters, dropLetter, dropLetters, laneNames, listLetters, readLetter } from '../store/dead-letters.ts';
import { requireSchema } from '../store/migrate.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { audited } from './audited.ts';
import { openStore } from './store.ts';

/** What all of `mdp dead-letters` is told. */
export interface LettersCommand {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/** Which letters, by what they are like. */
export interface FilterOptions {
  readonly lane?: string;
  readonly origin?: LetterOrigin;
  readonly reason?: string;
  readonly since?: string;
}

/** The database of the configuration, ready for questions. */
export interface LetterDesk {
  readonly config: Config;
  readonly database: Database;
  readonly limit: Limit;
}

/** One at which letters may be changed: with the log that tells who did. */
export interface AuditedDesk extends LetterDesk {
  readonly log: Logger;
}

/** `mdp dead-letters list`. */
export function listDeadLetters(
  options: LettersCommand & FilterOptions & { readonly limit: number; readonly json?: true },
): Promise<void> {
  return atDesk(options, async (desk) => {
    const filter = await filterOf(options, desk);
    const { database, limit } = desk;
    const counts = await countLetters(database, limit, filter);
    const letters = await listLetters(database, limit, { ...filter, order: 'newest', limit: options.limit });
    process.stdout.write(options.json === true ? listJson({ letters, counts }) : listText({ letters, counts }, filter));
  });
}

/** `mdp dead-letters show KEY`. Throws an MdpError `dead-letter-unknown`. */
export function showDeadLetter(key: string, options: LettersCommand & { readonly json?: true }): Promise<void> {
  const wanted = parseKey(key);
  return atDesk(options, async ({ database, limit }) => {
    const letter = await readLetter(database, limit, wanted);
    if (letter === null) throw unknownLetter(key);
    process.stdout.write(options.json === true ? `${JSON.stringify(letterJson(letter), null, 2)}\n` : letterText(letter));
  });
}

/** `mdp dead-letters drop KEY... | filter`. A filter only shows what would go, until it is confirmed. */
export function dropDeadLetters(
  keys: readonly string[], options: LettersCommand & FilterOptions & { readonly yes?: true },
): Promise<void> {
  const wanted = keys.map(parseKey);
  requireChoice(keys, options);
  return atDesk(options, async (desk) => {
    const { database, limit, log } = desk;
    if (keys.length === 0) return dropFiltered(desk, options);
    const missing: string[] = [];
    await audited(log, { command: 'dead-letters drop', keys }, async () => {
      for (const key of wanted) if (!(await dropLetter(database, limit, key))) missing.push(keyText(key));
    });
    say(`${counted(keys.length - missing.length)} dropped.`);
    if (missing.length > 0) throw unknownLetter(missing.join(', '));
  });
}

async function dropFiltered(desk: AuditedDesk, options: FilterOptions & { readonly yes?: true }): Promise<void> {
  const { database, limit, log } = desk;
  const filter = await filterOf(options, desk);
  if (options.yes === true) {
    const dropped = await audited(log, { command: 'dead-letters drop', filter }, () => dropLetters(database, limit, filter));
    return say(`${counted(dropped)} dropped.`);
  }
  const counts = await countLetters(database, limit, filter);
  say(`${counted(totalOf(counts))} would be dropped. Nothing was: add --yes.`);
  if (counts.length > 0) process.stdout.write(totalsText(counts));
}

/** Opens the database, which a running daemon may have opened too, and closes it again. */
export async function atDesk(options: LettersCommand, work: (desk: AuditedDesk) => Promise<void>): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const store = await openStore(config, log, true);
  try {
    const limit = { deadlineMs: config.store.statement_timeout_ms };
    await requireSchema(store.database, limit);
    await work({ config, database: store.database, limit, log });
  } finally {
    await store.close();
  }
}

/** A lane may be named without its pipeline. Throws an MdpError `usage` for one that nobody knows. */
export async function filterOf(options: FilterOptions, { config, database, limit }: LetterDesk): Promise<LetterFilter> {
  const { lane = null, origin = null, reason = null, since } = options;
  const sinceMs = since === undefined ? null : timeOf(since);
  if (lane === null) return { lane, origin, reason, sinceMs };
  const names = await laneNames(database, limit);
  const known = [lane, `${config.name}/${lane}`].find((name) => names.includes(name));
  if (known !== undefined) return { lane: known, origin, reason, sinceMs };
  const others = names.length === 0 ? 'the database knows none' : `the database knows ${names.join(', ')}`;
  throw new MdpError('usage', `There is no lane "${lane}"; ${others}.`);
}

/** Deleting or replaying everything must be asked for. Throws an MdpError `usage`. */
export function requireChoice(keys: readonly string[], { lane, origin, reason, since }: FilterOptions): void {
  const isFiltered = [lane, origin, reason, since].some((value) => value !== undefined);
  if (isFiltered !== keys.length > 0) return;
  throw new MdpError('usage', isFiltered ? 'Name keys or a filter (--lane, --origin, --reason, --since), not both.'
    : 'Say which letters: their keys, or a filter (--lane, --origin, --reason, --since).');
}

export function unknownLetter(keys: string): MdpError {
  return new MdpError('dead-letter-unknown', `There is no dead letter ${keys} (any more). \`mdp dead-letters list\` ` +
    'shows those that there are.');
}

const spans: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago. Throws an MdpError `usage`. */
function timeOf(since: string): number {
  const ago = /^(\d{1,9})([smhd])$/.exec(since);
  const timeMs = ago === null ? parseInstant(since) : systemClock.nowMs() - Number(ago[1]) * spans[ago[2]];
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new MdpError('usage', `--since "${since}" is neither ${instantRule}, nor a while ago such as 30s, 15m, 2h, 7d.`);
}

export function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

export function counted(letters: number): string {
  return `${letters.toLocaleString('en')} dead letter${letters === 1 ? '' : 's'}`;
}
