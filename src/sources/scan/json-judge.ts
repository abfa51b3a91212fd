import { messageOf } from '../../errors.ts';
import type { RejectReason } from '../../model/tick-batch.ts';
import type { TickColumns } from '../tick-columns.ts';
import type { FieldPaths } from './key-tree.ts';
import type { TickField, TickTexts } from './tick-fields.ts';
import { TickJudge, type Fault, type RecordRules } from './tick-judge.ts';

/** A number of the JSON text as it was written: a double would lose digits of ids and of nanoseconds. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON text that JSON.parse refuses. */
export interface NoJson {
  readonly problem: string;
}

/** What JSON.parse makes of a text: for `JsonJudge`, which knows its numbers. */
export function parseJson(text: string): { readonly value: unknown } | NoJson {
  try {
    return { value: JSON.parse(text, keepNumberText) as unknown };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

interface NumberSource {
  readonly source?: string;
}

/** For JSON.parse: numbers keep the text that they were written in. */
function keepNumberText(this: unknown, _key: string, value: unknown, context?: NumberSource): unknown {
  return typeof value === 'number' && context?.source !== undefined ? new NumberText(context.source) : value;
}

const reasons = {
  trade_id: 'bad-trade-id', event_time: 'bad-time', side: 'bad-side', price: 'bad-price', size: 'bad-size',
  symbol: 'bad-symbol', venue: 'bad-symbol',
} as const satisfies Record<TickField, RejectReason>;

/** What a record says beside its fields. */
export interface RecordAround {
  /** The symbol, where the paths leave it out. */
  readonly symbol?: string;
  /** Whether the bytes that the texts were decoded from were valid. */
  isUtf8(): boolean;
}

/** Reads ticks from what `parseJson` has made of a text. */
export class JsonJudge {
  readonly #paths: FieldPaths;
  readonly #judge: TickJudge;

  constructor(rules: RecordRules, paths: FieldPaths) {
    this.#paths = paths;
    this.#judge = new TickJudge(rules);
  }

  /** Writes row `columns.length`, or says what is wrong with `record`, a JSON object. */
  judge(record: unknown, columns: TickColumns, around: RecordAround): Fault | null {
    const texts: TickTexts = around.symbol === undefined ? {} : { symbol: around.symbol };
    for (const [field, path] of this.#paths) {
      const value = valueAt(record, path);
      if (value instanceof NumberText) texts[field] = value.text;
      else if (typeof value === 'string') texts[field] = value;
      else if (value !== undefined && value !== null) {
        return { reason: reasons[field], message: `${path.join('.')} is no number and no text` };
      }
    }
    return this.#judge.judge(texts, columns, () => around.isUtf8());
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** Undefined where there is no such member. Never something that every object inherits. */
function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}
