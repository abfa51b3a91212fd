import type { Settings, ValuesOf } from '../../model/setting.ts';
import { eventTimeUnits } from '../scan/event-time.ts';
import { commonSourceSettings } from '../settings.ts';

export const replaySettings = {
  ...commonSourceSettings,
  files: {
    type: 'text-list', default: [],
    doc: 'Paths or globs, relative to the working directory; read one after another as one log, the ' +
      'matches of a glob by name.',
  },
  format: {
    type: 'choice', choices: ['auto', 'csv', 'ndjson'], default: 'auto',
    doc: 'Format of the records; auto goes by the name: .csv, .ndjson or .jsonl, each with .gz or .zst ' +
      'behind it or without.',
  },
  fields: {
    type: 'text-map', default: {},
    doc: 'Names in the files that differ from ours: trade_id, event_time, side, price, size, symbol, ' +
      'venue, as `price: p`.',
  },
  event_time_unit: {
    type: 'choice', choices: eventTimeUnits, default: 'ms',
    doc: 'Unit of the event time: ms, us, ns or s since 1970 UTC, or iso for ISO 8601 text (UTC where it ' +
      'names no zone).',
  },
  follow: {
    type: 'boolean', default: false,
    doc: 'Whether to wait for lines that are appended to the last file, which must not be compressed.',
  },
} as const satisfies Settings;

export type ReplayValues = ValuesOf<typeof replaySettings>;
