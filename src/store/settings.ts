import type { Settings } from '../model/setting.ts';

export const storeSettings = {
  retention: {
    type: 'text-map', default: {},
    doc: 'How long bars are kept, by bar spec, as {1s: 30d, 1m: 365d}; the key all stands for every spec, ' +
      'late_ticks, gaps, dead_letters and alerts for those tables. Ages are counted from the close of a bar, also of ' +
      'that of an alert, the time of a late tick, the end of a gap, the last attempt with a dead letter, in s, m, h, d ' +
      'or w. What is not named is kept for ever.',
  },
  compression: {
    type: 'text-map', default: {},
    doc: 'Age at which TimescaleDB (community edition) compresses chunks, as {after: 7d}. Empty: never. ' +
      'Bars that may still change are not compressed.',
  },
  chunk_interval: {
    type: 'text', default: '1d',
    doc: 'Open times that one chunk of the hypertable covers, in h, d or w. A change holds for new chunks.',
  },
  maintenance_interval_ms: {
    type: 'integer', default: 600_000, min: 1_000, max: 86_400_000,
    doc: 'Pause between two rounds of compression and retention, in milliseconds.',
  },
  read_clients: {
    type: 'integer', default: 4, min: 1, max: 64,
    doc: 'Connections that the HTTP API may use at once; the sink has its own.',
  },
  read_timeout_ms: {
    type: 'integer', default: 10_000, min: 100, max: 600_000,
    doc: 'Longest time that a query of the HTTP API may take, in milliseconds.',
  },
} as const satisfies Settings;
