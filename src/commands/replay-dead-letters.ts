import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { keyText, parseKey } from '../dead-letters/letter-key.ts';
import { totalOf, totalsText } from '../dead-letters/letter-text.ts';
import { MdpError, messageOf } from '../errors.ts';
import { systemClock } from '../lifecycle.ts';
import type { LetterKey, StoredLetter } from '../model/dead-letter.ts';
import { countLetters, listLetters, readLetter, settleLetter, type Attempt } from '../store/dead-letters.ts';
import {
  atDesk, counted, filterOf, requireChoice, say, unknownLetter, type FilterOptions, type LetterDesk, type LettersCommand,
} from './dead-letters.ts';
import { audited } from './audited.ts';
import { RecordReplay } from './replay-record.ts';
import { replayRow } from './replay-row.ts';

export interface ReplayCommand extends LettersCommand, FilterOptions {
  readonly yes?: true;
  /** Also what was tried too often, and what would be rejected again. */
  readonly force?: true;
  /** A corrected record in place of the original: a file, or - for standard input. */
  readonly fixed?: string;
  /** Of a filter: how many letters one call takes. */
  readonly limit: number;
}

/** Of a filter's letters; each has a line of its own on standard output. */
const keysTold = 20;

/**
 * `mdp dead-letters replay KEY... | filter`: a row is written again with its own stamp, a record goes to the end of its
 * log. One line a letter. Throws an MdpError `dead-letter-refused` when letters stay, `dead-letter-unknown` when one is not
 * there.
 */
export function replayDeadLetters(keys: readonly string[], options: ReplayCommand): Promise<void> {
  const wanted = keys.map(parseKey);
  requireChoice(keys, options);
  if (options.fixed !== undefined && keys.length !== 1) {
    throw new MdpError('usage', '--fixed is one corrected record: it goes with exactly one key.');
  }
  return atDesk(options, async (desk) => {
    const letters = keys.length > 0 ? await lettersOf(desk, wanted) : await filtered(desk, options);
    if (letters === null) return;
    const told = letters.slice(0, keysTold).map(keyText);
    const change = { command: 'dead-letters replay', letters: letters.length, keys: told };
    await audited(desk.log, change, () => replayAll(desk, letters, options));
  });
}

async function lettersOf({ database, limit }: LetterDesk, keys: readonly LetterKey[]): Promise<StoredLetter[]> {
  const letters: StoredLetter[] = [];
  for (const key of keys) {
    const letter = await readLetter(database, limit, key);
    if (letter === null) throw unknownLetter(keyText(key));
    letters.push(letter);
  }
  return letters;
}

/** Null where the user has not confirmed yet. */
async function filtered(desk: LetterDesk, options: ReplayCommand): Promise<readonly StoredLetter[] | null> {
  const { database, limit } = desk;
  const filter = await filterOf(options, desk);
  const counts = await countLetters(database, limit, filter);
  const total = totalOf(counts);
  if (options.yes !== true) {
    say(`${counted(total)} would be replayed. Nothing was: add --yes.`);
    if (total > 0) process.stdout.write(totalsText(counts));
    return null;
  }
  if (total > options.limit) say(`The first ${options.limit} of ${counted(total)}; --limit takes more at once.`);
  return listLetters(database, limit, { ...filter, order: 'log', limit: options.limit });
}

async function replayAll(desk: LetterDesk, letters: readonly StoredLetter[], options: ReplayCommand): Promise<void> {
  const fixed = options.fixed === undefined ? null : await readFixed(options.fixed);
  const replay = new RecordReplay(desk, { force: options.force === true, fixed });
  let stayed = 0;
  try {
    await replay.prepare(letters.filter(({ origin }) => origin === 'tick'));
    for (const listed of letters) {
      const attempt = await replayOne(desk, listed, { replay, isForced: options.force === true });
      if (attempt.kind !== 'done') stayed++;
      say(attempt.kind === 'done' ? `${keyText(listed)}: ${attempt.note}` : `${keyText(listed)} stays: ${attempt.message}`);
    }
  } finally {
    await replay.close();
  }
  say(`${counted(letters.length - stayed)} replayed, ${stayed.toLocaleString('en')} left.`);
  if (stayed === 0) return;
  throw new MdpError('dead-letter-refused', `${counted(stayed)} could not be replayed; each says why in its line.`);
}

interface Way {
  readonly replay: RecordReplay;
  readonly isForced: boolean;
}

async function replayOne(desk: LetterDesk, key: LetterKey, { replay, isForced }: Way): Promise<Attempt> {
  const { config, database, limit } = desk;
  const nowMs = systemClock.nowMs();
  const retriesMax = config.dead_letters.max_retries;
  const attempt = await settleLetter(database, limit, {
    key, nowMs,
    attempt: async (letter, client) => {
      if (letter.retries >= retriesMax && !isForced) return tooOften(letter.retries);
      return letter.origin === 'tick' ? replay.attempt(letter, client)
        : replay.isFixed ? notFixable : replayRow(letter, client, nowMs);
    },
  });
  return attempt ?? { kind: 'unfit', message: 'It is not there any more.' };
}

function tooOften(retries: number): Attempt {
  return { kind: 'unfit', message: `It was refused ${retries} times already (dead_letters.max_retries). Mend the cause ` +
    'and add --force, or drop it.' };
}

const notFixable: Attempt = {
  kind: 'unfit', message: 'It is a row, and every row is what its log makes of it: only records can be corrected.',
};

async function readFixed(path: string): Promise<Buffer> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new MdpError('usage', `--fixed ${path} cannot be read: ${messageOf(error)}.`, error);
  }
}
