import type { Settings, ValuesOf } from '../../model/setting.ts';
import { commonSourceSettings } from '../settings.ts';

export const syntheticSettings = {
  ...commonSourceSettings,
  venue: {
    type: 'text', default: 'synthetic',
    doc: 'Name of the venue; several venues are called by this name with -1, -2 and so on behind it.',
  },
  speed: {
    type: 'text', default: '1',
    doc: 'How fast event time passes: 1 is real time, another number a factor of it, max as fast as it ' +
      'goes on virtual time.',
  },
  ids: {
    type: 'choice', choices: ['monotone', 'unique', 'absent'], default: 'monotone',
    doc: 'Trade ids of each symbol: monotone (counted upwards), unique (in no order), or absent.',
  },
  symbols: {
    type: 'integer', default: 20, min: 1, max: 100_000,
    doc: 'Number of symbols; every venue trades all of them.',
  },
  venues: {
    type: 'integer', default: 1, min: 1, max: 100,
    doc: 'Number of venues.',
  },
  ticks_per_second: {
    type: 'number', default: 2_000, min: 0.001, max: 100_000_000,
    doc: 'Mean number of ticks in a second of event time, all symbols together.',
  },
  seed: {
    type: 'integer', default: 1, min: 0, max: 4_294_967_295,
    doc: 'Another seed is another history; the same seed, settings and start time are the same, tick for ' +
      'tick.',
  },
  count: {
    type: 'integer', default: null, min: 0,
    doc: 'Number of ticks after which the log ends; empty is endless.',
  },
  price_step_bps: {
    type: 'number', default: 1, min: 0, max: 100,
    doc: 'Standard deviation of the price change from one tick of a symbol to its next, in basis points.',
  },
  burst_share: {
    type: 'number', default: 0.2, min: 0, max: 0.99,
    doc: 'Share of the ticks that arrive in bursts; 0 is a plain Poisson process.',
  },
  burst_ticks: {
    type: 'integer', default: 50, min: 1, max: 1_000_000,
    doc: 'Mean length of a burst, ticks.',
  },
  burst_factor: {
    type: 'number', default: 10, min: 1, max: 1_000_000,
    doc: 'How many times faster than outside of bursts ticks arrive within one.',
  },
  disorder_share: {
    type: 'number', default: 0, min: 0, max: 1,
    doc: 'Share of the ticks whose event time lies up to disorder_ms behind their place in the log.',
  },
  disorder_ms: {
    type: 'number', default: 500, min: 0,
    doc: 'Greatest disorder, ms; keep it below bars.out_of_orderness_ms.',
  },
  late_share: {
    type: 'number', default: 0, min: 0, max: 1,
    doc: 'Share of the ticks whose event time lies late_ms to twice late_ms behind their place in the log.',
  },
  late_ms: {
    type: 'number', default: 5_000, min: 0,
    doc: 'Least lateness of late ticks, ms; set it beyond bars.out_of_orderness_ms.',
  },
  duplicate_share: {
    type: 'number', default: 0, min: 0, max: 1,
    doc: 'Share of the ticks that repeat one of the last 256, id and all.',
  },
  poison_share: {
    type: 'number', default: 0, min: 0, max: 1,
    doc: 'Share of the ticks whose event time lies 30 to 30,000 days in the future.',
  },
  outage_every_s: {
    type: 'number', default: 0, min: 0,
    doc: 'Mean time from the end of one outage to the begin of the next, seconds; 0 is no outages.',
  },
  outage_s: {
    type: 'number', default: 5, min: 0.001,
    doc: 'Length of an outage, seconds: one venue, drawn by lot, is silent, and a gap in the log says so ' +
      'when it is back.',
  },
} as const satisfies Settings;

export type SyntheticValues = ValuesOf<typeof syntheticSettings>;
