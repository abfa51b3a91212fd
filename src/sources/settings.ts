import { MdpError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { GroupMembers } from '../model/group-member.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { Settings, ValuesOf } from '../model/setting.ts';
import type { RecentMessages } from '../kafka/recent-messages.ts';
import type { KafkaValues } from '../kafka/settings.ts';
import type { Source } from './source.ts';

/** Keys that every source has beside its `name` and `type`. A type may give some of them another default. */
export const commonSourceSettings = {
  venue: {
    type: 'text', default: 'default',
    doc: 'Venue of ticks whose record names none.',
  },
  symbol: {
    type: 'text', default: null,
    doc: 'Symbol of ticks whose record names none; without it every record must carry a symbol.',
  },
  speed: {
    type: 'text', default: 'max',
    doc: 'How fast event time passes: max, or a factor of real time such as 1, 0.5 or 100.',
  },
  complete: {
    type: 'boolean', default: false,
    doc: 'Whether the log begins at the beginning and its end is final: then its first bar is whole and ' +
      'its last bars close.',
  },
  ids: {
    type: 'choice', choices: ['monotone', 'unique', 'absent'], default: 'unique',
    doc: 'Trade ids: monotone (whole numbers that the venue counts upwards), unique (never used twice), ' +
      'or absent.',
  },
  max_msgs_per_sec: {
    type: 'number', default: null, min: 0,
    doc: 'Pacing budget of this source, ticks a second; 0 is no limit, empty takes ' +
      'pacing.budget.max_msgs_per_sec.',
  },
  burst: {
    type: 'number', default: null, min: 0,
    doc: 'Ticks that may pass at once after a pause; empty takes pacing.budget.burst.',
  },
  batch_ticks: {
    type: 'integer', default: 1_000, min: 1, max: 65_536,
    doc: 'Greatest number of log records that move as one batch.',
  },
} as const satisfies Settings;

export type CommonSourceValues = ValuesOf<typeof commonSourceSettings>;

/** What a source needs that talks to servers. */
export interface SourceOutside {
  readonly clock: Clock;
  readonly kafka: KafkaValues;
  /** Who reads lanes as a member of a consumer group; absent where nobody keeps that. */
  readonly members?: GroupMembers;
  /** Of a source of several logs this one is read alone, by its `part`, beside whoever reads it for good. */
  readonly only?: string;
  /** All logs are read beside whoever reads them for good, and nothing is said of how far. */
  readonly looksOn?: boolean;
  /** Something is being waited for that fails again and again; a sentence for people. */
  readonly onTrouble: (message: string) => void;
  /** Where messages are shown that were read; absent where nobody looks. */
  readonly recent?: RecentMessages;
  /** Somebody traces: batches of a log whose records carry a `traceparent` say that of their first one. */
  readonly isTraced?: boolean;
  /** A source reads no more and nothing in this process will change that: a new process may. Called once a source. */
  readonly onDead?: (source: string, error: MdpError) => void;
}

/** What a source is made from. `values` were checked by the configuration. */
export interface SourceContext<Values = CommonSourceValues> {
  readonly name: string;
  readonly values: Values;
  readonly instruments: InstrumentTable;
  /** Our clock, ms since 1970 UTC. */
  readonly clock: () => number;
  /** A batch spans less event time than this, ms, so that its release can be timed; Infinity at speed max. */
  readonly batchSpanMs: number;
  /** Absent where a log is read that lies here. */
  readonly outside?: SourceOutside;
}

/** A type of source: its settings, common keys included, and how to make one. */
export interface SourceType<Fragment extends Settings> {
  readonly settings: Fragment;
  /** Throws an MdpError when the values contradict each other. Opens nothing yet. */
  create(context: SourceContext<ValuesOf<Fragment>>): Source;
}

/** The factor of real time that `speed` asks for; Infinity for `max`. Throws an MdpError `config-invalid`. */
export function parseSpeed(source: string, speed: string): number {
  const factor = speed === 'max' ? Infinity : Number(speed);
  if (speed.trim() !== '' && factor > 0) return factor;
  const problem = `speed "${speed}" is neither "max" nor a factor above 0`;
  throw new MdpError('config-invalid', `Source "${source}": ${problem}.`);
}
