import { MdpError } from '../../errors.ts';
import { parseEventTime } from '../scan/event-time.ts';
import type { StartAt } from './topic-offsets.ts';

/** Reads the setting `start`. Throws an MdpError `config-invalid`. */
export function parseStart(source: string, start: string): StartAt {
  if (start === 'earliest' || start === 'latest') return start;
  const time = parseEventTime(start, 'iso');
  if (typeof time === 'number') return { timeMs: time };
  throw new MdpError('config-invalid', `Source "${source}": start "${start}" is neither earliest, nor latest, nor an ` +
    'ISO 8601 time such as 2026-01-05T09:30:00Z.');
}
