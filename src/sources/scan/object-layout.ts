import type { IdKind } from '../tick-columns.ts';
import type { LineBreaks } from './json-text.ts';
import { fieldBit, type KeyTree } from './key-tree.ts';
import type { RecordRules } from './tick-judge.ts';

/** How the objects of a source are laid out. */
export interface ObjectLayout {
  readonly ids: IdKind;
  /** What is asked for. Where it leaves the symbol out, the symbol comes from elsewhere. */
  readonly keys: KeyTree;
  /** The bits of the fields that there must be. */
  readonly needed: number;
  readonly hasSymbol: boolean;
  readonly lineBreaks: LineBreaks;
}

/** The bits of the fields that a record must have. */
export function neededBits(rules: RecordRules, ids: IdKind, hasSymbol: boolean): number {
  return fieldBit.price | fieldBit.size | fieldBit.event_time | (ids === 'absent' ? 0 : fieldBit.trade_id) |
    (hasSymbol && !rules.hasDefaultSymbol ? fieldBit.symbol : 0);
}
