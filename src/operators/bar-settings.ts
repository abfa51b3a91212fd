import type { Settings, ValuesOf } from '../model/setting.ts';

const dayMs = 86_400_000;

/** What the fold of one lane goes by: which bars, and how far time may be out of order. Key `bars:` of the file. */
export const barSettings = {
  specs: {
    type: 'text-list', default: ['1s', '1m', '5m', '15m', '1h', '4h', '1d'],
    doc: 'Bars to compute: intervals from 1s to 1w, with an origin after / and a time zone after @ where they have one, ' +
      'such as 1h/30m or 1d@America/New_York.',
  },
  out_of_orderness_ms: {
    type: 'integer', default: 2_000, min: 0, max: dayMs,
    doc: 'How far behind the newest tick of its venue a tick may come before bars close without it, in milliseconds.',
  },
  allowed_lateness_ms: {
    type: 'integer', default: 10_000, min: 0, max: dayMs,
    doc: 'For how long after its close a bar is still computed again when a tick comes late, in milliseconds of event ' +
      'time. What comes later is kept in late_ticks and changes nothing.',
  },
  max_future_skew_ms: {
    type: 'integer', default: 300_000, min: 0, max: dayMs,
    doc: "How far a tick may be ahead of its record's own time (of our clock, on a live source), in milliseconds. What " +
      'is further ahead is rejected.',
  },
  max_jump_ms: {
    type: 'integer', default: 7 * dayMs, min: 1_000, max: 3_650 * dayMs,
    doc: 'How far a tick may be ahead of the newest tick of its venue, in milliseconds, before it is held until later ' +
      'ticks confirm or contradict it.',
  },
  idle_ms: {
    type: 'integer', default: 5_000, min: 1, max: dayMs,
    doc: 'How long a venue must be silent, in milliseconds of our clock, before the clock closes its bars (provisional).',
  },
} as const satisfies Settings;

export type BarSettings = ValuesOf<typeof barSettings>;
