import type { RestOfBatch } from '../../../kafka/rest-of-batch.ts';
import type { Clock } from '../../../model/clock.ts';
import type { InstrumentTable } from '../../../model/instruments.ts';
import type { Settings, ValuesOf } from '../../../model/setting.ts';
import type { Fault } from '../../scan/tick-judge.ts';
import type { CommonSourceValues } from '../../settings.ts';
import type { TickColumns } from '../../tick-columns.ts';
import type { MessageTail } from '../message-tail.ts';
import type { MessageValues } from './settings.ts';

/**
 * A message where it stands among others: key and value are parts of `bytes`, each with a start of -1 where it is
 * null. One object serves for all messages, and nobody keeps it.
 */
export interface Message {
  readonly bytes: Buffer;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The columns lack room for the ticks of a message, which has so many: it is for empty and large enough ones. */
export interface NoRoom {
  readonly rowsNeeded: number;
}

/**
 * Null: read, with all its ticks, of which there may be none. A fault: no tick can be read from it, now or ever. A
 * promise: something must be fetched first; once it is settled the message is to be given again, which may lead to
 * another promise. The promise rejects, with an MdpError, only where people must mend something.
 */
export type Decoded = null | Fault | NoRoom | Promise<void>;

/**
 * Reads the ticks of messages: all of one message or none. Bytes outside of its key and value belong to others and
 * never matter. One serves all partitions of a source.
 */
export interface MessageDecoder {
  /**
   * Writes rows from `columns.length` on and raises it: all columns but the position and the time in the log. Never
   * throws; allocates nothing for an ordinary message.
   */
  decode(message: Message, columns: TickColumns): Decoded;
  /**
   * Reads the messages that follow one which `decode` has just read, a row each and all columns, as far as it can read many
   * at once; returns how many they were. Where it cannot, or does not want to, `decode` gets them one by one.
   */
  decodeRun?(rest: RestOfBatch, columns: TickColumns, limits: RunLimits): number;
}

export interface RunLimits {
  /** Rows. */
  readonly most: number;
  /** No message of this event time or later, ms since 1970 UTC. */
  readonly untilMs: number;
  /** Gets to know where the messages stand. */
  readonly tail: MessageTail;
}

/** What a decoder is made from. `values` were checked by the configuration. */
export interface DecoderContext<Values = object> {
  readonly source: string;
  readonly values: Values & MessageValues & Pick<CommonSourceValues, 'venue' | 'symbol' | 'ids'>;
  readonly instruments: InstrumentTable;
  readonly clock: Clock;
  /** Settles at once what is being waited for. */
  readonly abort: AbortSignal;
  /** Something is being waited for that fails again and again; a sentence for people. */
  readonly onTrouble: (message: string) => void;
}

/** A format of messages: its own settings, and how to make its decoder. */
export interface DecoderType<Fragment extends Settings> {
  readonly settings: Fragment;
  /** Throws an MdpError `config-invalid` where the values contradict each other. Fetches nothing yet. */
  create(context: DecoderContext<ValuesOf<Fragment>>): MessageDecoder;
}
