import { MdpError } from '../errors.ts';
import { parseBarSpec } from '../model/bar-spec.ts';
import { Type } from './json-schema.ts';
import { name } from './names.ts';
import { isoOf, timeRule } from './query-times.ts';
import { BadRequest } from './route.ts';
import { jsonRowsMax } from './row-formats.ts';

/* What the queries of several routes have in common. */

export const venue = Type.String({ ...name, description: 'As the source names it.' });
export const symbol = Type.String({ ...name, description: 'As the venue names it.' });
export const spec = Type.String({ ...name, description: 'Bar spec, such as 1m, 1d or 1d@America/New_York.' });
export const time = (what: string) => Type.Optional(Type.String({ maxLength: 40, description: `${what}; ${timeRule}.` }));
export const limit = (byDefault: number, maximum = jsonRowsMax) => Type.Optional(Type.Integer({
  minimum: 1, maximum, default: byDefault, description: 'Rows at most.',
}));
export const order = Type.Optional(Type.Enum(['asc', 'desc'], {
  description: 'By open time. Default: asc where from is given, else desc, so that limit keeps the newest.',
}));

export function orderOf(query: { readonly order?: 'asc' | 'desc'; readonly from?: string }): 'asc' | 'desc' {
  return query.order ?? (query.from === undefined ? 'desc' : 'asc');
}

/** The canonical name. Throws a BadRequest. */
export function specOf(text: string): string {
  try {
    return parseBarSpec(text).name;
  } catch (error) {
    if (error instanceof MdpError) throw new BadRequest('spec', `spec: ${error.message}`);
    throw error;
  }
}

interface Page {
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Where the next page begins: `from` of an ascending, `until` of a descending query. Null where nothing was cut. */
export function nextMsOf({ order, limit }: Page, rows: readonly { readonly openTimeMs: number }[]): number | null {
  const last = rows.at(-1);
  if (last === undefined || rows.length < limit) return null;
  return order === 'asc' ? last.openTimeMs + 1 : last.openTimeMs;
}

export function nextOf(page: Page, rows: readonly { readonly openTimeMs: number }[]): string | null {
  const nextMs = nextMsOf(page, rows);
  return nextMs === null ? null : isoOf(nextMs);
}
