import { ApiError } from '../../api.ts';
import { wordsOf } from '../../asked.ts';
import { numberOf } from '../../number-of.ts';

/* A position while it is being written: texts, as they stand in the fields. */

export interface PositionDraft {
  readonly instrument: string;
  readonly size: string;
  readonly entry: string;
  readonly note: string;
}

/** By the names of /api/positions; `all` for what no field is to blame for. */
export type PositionFaults = Readonly<Partial<Record<'symbol' | 'size' | 'entry_price' | 'note' | 'all', string>>>;

export const emptyDraft: PositionDraft = { instrument: '', size: '', entry: '', note: '' };

export interface WrittenNumbers {
  readonly size: number;
  readonly entry_price: number;
  readonly note: string;
}

/** What the numbers say, or what is wrong with them. */
export function writtenNumbers(
  { size: sizeText, entry, note }: PositionDraft,
): { readonly numbers: WrittenNumbers | null; readonly faults: PositionFaults } {
  const [size, entryPrice] = [numberOf(sizeText), numberOf(entry)];
  if (size !== null && size !== 0 && entryPrice !== null) {
    return { numbers: { size, entry_price: entryPrice, note: note.trim() }, faults: {} };
  }
  const faults = {
    ...(size === null ? { size: 'Write a number: 2, or -2 where it was sold short.' } : {}),
    ...(size === 0 ? { size: 'Not 0: delete the position instead.' } : {}),
    ...(entryPrice === null ? { entry_price: 'Write the price of the entry.' } : {}),
  };
  return { numbers: null, faults };
}

const fieldNames = ['symbol', 'size', 'entry_price', 'note'];

export function positionFaultsOf(error: unknown): PositionFaults {
  const field = error instanceof ApiError && error.field !== null ? error.field.replace('venue', 'symbol') : '';
  return { [fieldNames.includes(field) ? field : 'all']: wordsOf(error) };
}
