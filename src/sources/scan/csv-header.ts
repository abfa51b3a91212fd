import type { CsvColumns } from './csv.ts';
import { tickFields, type FieldNames, type TickField } from './tick-fields.ts';

/** Which fields a header must name. */
export interface HeaderNeeds {
  readonly names: FieldNames;
  readonly ids: 'monotone' | 'unique' | 'absent';
  readonly hasDefaultSymbol: boolean;
}

/** What each column of a header holds, or what is wrong with it. */
export function csvColumns(header: readonly string[], needs: HeaderNeeds): CsvColumns | string {
  const fieldOf = new Map<string, TickField>(tickFields.map((field) => [needs.names[field], field]));
  const columns = header.map((name) => fieldOf.get(name) ?? null);
  const twice = columns.find((field, index) => field !== null && columns.indexOf(field) !== index);
  if (twice !== undefined && twice !== null) return `it names ${needs.names[twice]} twice`;
  const missing = neededFields(needs).filter((field) => !columns.includes(field));
  return missing.length === 0 ? columns : `it lacks ${missing.map((field) => needs.names[field]).join(', ')}`;
}

/** The names that a header must and may have, for people. */
export function expectedHeader(needs: HeaderNeeds): string {
  const needed = neededFields(needs);
  const optional = tickFields.filter((field) => field !== 'trade_id' && !needed.includes(field));
  const list = (fields: readonly TickField[]): string => fields.map((field) => needs.names[field]).join(', ');
  return `expected are ${list(needed)}, and optionally ${list(optional)}, in any order`;
}

function neededFields(needs: HeaderNeeds): TickField[] {
  const fields: TickField[] = ['event_time', 'price', 'size'];
  if (needs.ids !== 'absent') fields.unshift('trade_id');
  if (!needs.hasDefaultSymbol) fields.push('symbol');
  return fields;
}
