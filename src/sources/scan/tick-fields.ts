import { MdpError } from '../../errors.ts';
import type { EventTimeUnit } from './event-time.ts';

/** What a record may say of a tick, under the names that the setting `fields` knows. */
export const tickFields = ['trade_id', 'event_time', 'side', 'price', 'size', 'symbol', 'venue'] as const;
export type TickField = (typeof tickFields)[number];

/** Without these there is no tick. */
export const requiredFields: readonly TickField[] = ['event_time', 'price', 'size'];

/** The name of each field in the records. */
export type FieldNames = Readonly<Record<TickField, string>>;

/**
 * Names as they are unless mapped; the unit belongs to the name of the event time: event_time_ms,
 * event_time_us, …
 */
export function fieldNames(
  source: string, mapping: Readonly<Record<string, string>>, unit: EventTimeUnit,
): FieldNames {
  const invalid = (problem: string): MdpError => new MdpError('config-invalid', `Source "${source}": ${problem}`);
  for (const [field, name] of Object.entries(mapping)) {
    if (!(tickFields as readonly string[]).includes(field)) {
      throw invalid(`fields.${field} is not a field of a tick; there are ${tickFields.join(', ')}.`);
    }
    if (name === '') throw invalid(`fields.${field} is empty; name a column.`);
  }
  const named = (field: TickField, usual: string): string =>
    Object.hasOwn(mapping, field) ? mapping[field] : usual;
  return {
    trade_id: named('trade_id', 'trade_id'),
    event_time: named('event_time', unit === 'iso' ? 'event_time' : `event_time_${unit}`),
    side: named('side', 'side'),
    price: named('price', 'price'),
    size: named('size', 'size'),
    symbol: named('symbol', 'symbol'),
    venue: named('venue', 'venue'),
  };
}

/** The fields of one record as text; absent where the record does not have it. */
export type TickTexts = { [F in TickField]?: string };
