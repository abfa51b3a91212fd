import { isUtf8 } from 'node:buffer';
import { MdpError } from '../../errors.ts';
import type { IdKind, TickColumns } from '../tick-columns.ts';
import { isObject, JsonJudge, parseJson } from './json-judge.ts';
import { JsonObjectScanner } from './json-object.ts';
import { fourthBlank, skipBlanks } from './json-text.ts';
import { keyTreeOf } from './key-tree.ts';
import { neededBits } from './object-layout.ts';
import { lineFeed, type RecordScanner } from './record-scanner.ts';
import { tickFields } from './tick-fields.ts';
import type { Fault, RecordRules } from './tick-judge.ts';

const notBlank = fourthBlank('end');

/** Lines of JSON objects, such as `{"price":"0.0014","size":23,"event_time_ms":1570752011620}`. */
export class JsonScanner implements RecordScanner {
  readonly #object: JsonObjectScanner;
  readonly #judge: JsonJudge;

  /** Throws an MdpError `config-invalid` where two fields have one name. */
  constructor(rules: RecordRules, ids: IdKind) {
    const fields = tickFields.filter((field) => field !== 'trade_id' || ids !== 'absent');
    const paths = new Map(fields.map((field) => [field, [rules.names[field]]]));
    const keys = keyTreeOf(paths);
    if (typeof keys === 'string') throw new MdpError('config-invalid', `Of the setting fields, ${keys}.`);
    const needed = neededBits(rules, ids, true);
    this.#object = new JsonObjectScanner(rules, { ids, keys, needed, hasSymbol: true, lineBreaks: 'end' });
    this.#judge = new JsonJudge(rules, paths);
  }

  scan(bytes: Buffer, at: number, columns: TickColumns): number {
    const end = this.#object.scan(bytes, skipBlanks(bytes, at, notBlank), columns);
    if (end < 0) return -1;
    const index = skipBlanks(bytes, end, notBlank);
    return bytes[index] === lineFeed ? index + 1 : -1;
  }

  judge(line: Buffer, columns: TickColumns): Fault | null {
    const parsed = parseJson(line.toString());
    if ('problem' in parsed) return { reason: 'malformed', message: `the line is not JSON: ${parsed.problem}` };
    if (!isObject(parsed.value)) return { reason: 'malformed', message: 'the line is JSON, but no object' };
    return this.#judge.judge(parsed.value, columns, { isUtf8: () => isUtf8(line) });
  }
}
