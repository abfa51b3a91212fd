import { readTick, type ReadTick } from '../dead-letters/read-tick.ts';
import { messageOf, MdpError } from '../errors.ts';
import { systemClock } from '../lifecycle.ts';
import type { StoredLetter } from '../model/dead-letter.ts';
import { InstrumentTable } from '../model/instruments.ts';
import { rejectBytesMax, type TickBatch } from '../model/tick-batch.ts';
import { flawOf, type ValueRules } from '../operators/tick-flaws.ts';
import type { PoolClient } from '../postgres.ts';
import type { FoundRecord, LogEnd } from '../sources/log-end.ts';
import { openLogEnd } from '../sources/log-ends.ts';
import { hasNewerTwin, readLane, type Attempt } from '../store/dead-letters.ts';
import type { LetterDesk } from './dead-letters.ts';

/** The end of a lane's log, and the records that its letters stand for. */
interface OpenLog {
  readonly end: LogEnd;
  readonly records: ReadonlyMap<string, FoundRecord>;
  readonly rules: ValueRules;
}

/** Why no letter of a lane can be replayed. */
interface ClosedLog {
  readonly problem: string;
}

/**
 * Puts records that could not be used at the end of their log. What would be rejected again by the settings as they are now
 * is not appended: the log would only grow.
 */
export class RecordReplay {
  readonly #desk: LetterDesk;
  readonly #isForced: boolean;
  readonly #fixed: Buffer | null;
  readonly #logs = new Map<string, OpenLog | ClosedLog>();

  constructor(desk: LetterDesk, { force, fixed }: { readonly force: boolean; readonly fixed: Buffer | null }) {
    this.#desk = desk;
    this.#isForced = force;
    this.#fixed = fixed;
  }

  get isFixed(): boolean {
    return this.#fixed !== null;
  }

  /** Opens the logs of these letters and looks their records up, each file once. */
  async prepare(letters: readonly StoredLetter[]): Promise<void> {
    const byLane = Map.groupBy(letters, ({ lane }) => lane);
    for (const [lane, ofLane] of byLane) this.#logs.set(lane, await this.#openLog(lane, ofLane));
  }

  /** Never throws. */
  async close(): Promise<void> {
    for (const log of this.#logs.values()) if ('end' in log) await log.end.close();
  }

  /** Inside the transaction that takes the letter away. Throws an MdpError when the log cannot be written. */
  async attempt(letter: StoredLetter, client: PoolClient): Promise<Attempt> {
    const log = this.#logs.get(letter.lane);
    if (log === undefined || 'problem' in log) return unfit(log?.problem ?? 'Its log was not opened.');
    const record = this.#fixed === null ? originalOf(letter, log) : correctedOf(this.#fixed, log);
    if (typeof record === 'string') return unfit(record);
    if (await hasNewerTwin(client, letter)) {
      return unfit('A newer telling of the log has a letter of its own for this record: replay that one, and drop this.');
    }
    const batch = await log.end.judge(record, letter);
    if (this.#fixed === null && readTick(letter.bytes) !== null && recordsOf(batch) > 1) {
      return unfit(`Its record at ${letter.place} carries other ticks too, which would count once more: give the tick ` +
        'alone (--fixed).');
    }
    const flaw = this.#isForced ? null : flawOfRecord(batch, log);
    if (flaw !== null) {
      return { kind: 'refused', message: `It would be rejected again, as ${flaw}. Correct it (--fixed), change the ` +
        'settings of its source, or append it as it is (--force).' };
    }
    return { kind: 'done', note: `the record stands at ${await log.end.append(record, letter)} now` };
  }

  async #openLog(lane: string, letters: readonly StoredLetter[]): Promise<OpenLog | ClosedLog> {
    const { config, database, limit } = this.#desk;
    const known = await readLane(database, limit, lane);
    if (known === null) return { problem: `The database knows no lane ${lane} any more: nobody can say what its log is.` };
    const source = lane.startsWith(`${config.name}/`) ? config.sources.find(({ name }) => name === known.source) : undefined;
    if (source === undefined) {
      return { problem: `Lane ${lane} was read from source "${known.source}", which this configuration of pipeline ` +
        `"${config.name}" does not have: replay it with the configuration that has it, or drop it.` };
    }
    try {
      const context = {
        name: source.name, values: source.values, instruments: new InstrumentTable(), batchSpanMs: Infinity,
        clock: () => systemClock.nowMs(), outside: { clock: systemClock, kafka: config.kafka, onTrouble: () => {} },
      };
      const end = await openLogEnd(source.type, context, known.logIdentity);
      if (end.identity !== known.logIdentity) {
        await end.close();
        return { problem: `The log of source "${source.name}" is another one than lane ${lane} was read from: nothing of ` +
          'the old log is appended to it. (Paths are relative to the working directory.)' };
      }
      return { end, records: await end.find(letters), rules: source.values };
    } catch (error) {
      if (error instanceof MdpError) return { problem: messageOf(error) };
      throw error;
    }
  }
}

/** The record that a letter stands for, or why there is none to append. */
function originalOf({ place, reason, bytes }: StoredLetter, { records, end }: OpenLog): Buffer | string {
  if (reason === 'too-long' && end.isOfLines) {
    return 'The record is longer than a line may be, and was cut: give a corrected one with --fixed.';
  }
  const found = records.get(place);
  if (found === undefined) return `${place} is not in the log any more: give the record with --fixed, or drop the letter.`;
  if (found.unfit !== null) return `The record cannot go to the end as it is: ${found.unfit}. Give it with --fixed.`;
  const kept = found.bytes.subarray(0, rejectBytesMax);
  const isSame = Buffer.from(bytes).equals(kept) || isOfRecord(readTick(bytes), found);
  return !isSame ? `Another record stands at ${place} now: give the record with --fixed, or drop the letter.`
    : aloneInItsLine(Buffer.from(found.bytes), end);
}

/** What was given in the place of the original. Editors end a file with a line feed. */
function correctedOf(given: Buffer, { end }: OpenLog): Buffer | string {
  return end.isOfLines ? aloneInItsLine(withoutLineBreak(given), end) : given;
}

function aloneInItsLine(record: Buffer, { isOfLines }: LogEnd): Buffer | string {
  const isBad = isOfLines && (record.includes('\n') || record.toString('utf8').trim() === '');
  return isBad ? 'A record is one line that is not blank.' : record;
}

/** As far as it can be told from a tick that was read from it. */
function isOfRecord(tick: ReadTick | null, { logTimeMs }: FoundRecord): boolean {
  return tick !== null && (tick.logTimeMs === null || logTimeMs === undefined || tick.logTimeMs === logTimeMs);
}

function recordsOf(batch: TickBatch | null): number {
  return batch === null ? 0 : batch.length + batch.rejects.length;
}

/** Why the source or admission would reject the record whatever came before it; null when they would not. */
function flawOfRecord(batch: TickBatch | null, { rules }: OpenLog): string | null {
  if (batch === null) return 'nothing: no tick can be read from it';
  let flaw: { readonly reason: string; readonly message: string } | null = batch.rejects[0] ?? null;
  for (let row = 0; row < batch.length && flaw === null; row++) flaw = flawOf(batch, row, rules);
  return flaw === null ? null : `${flaw.reason}: ${flaw.message}`;
}

function unfit(message: string): Attempt {
  return { kind: 'unfit', message };
}

/** Editors end a file with a line feed. */
function withoutLineBreak(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - (/\r?\n$/.exec(bytes.toString('latin1'))?.[0].length ?? 0));
}
