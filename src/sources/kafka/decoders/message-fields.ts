import { MdpError } from '../../../errors.ts';
import { InstrumentFinder } from '../../scan/instrument-finder.ts';
import { keyTreeOf, type FieldPaths, type KeyTree } from '../../scan/key-tree.ts';
import { fieldNames, tickFields } from '../../scan/tick-fields.ts';
import type { Fault, RecordRules } from '../../scan/tick-judge.ts';
import type { IdKind } from '../../tick-columns.ts';
import type { DecoderContext, Message } from './decoder.ts';

/** Two million ticks at most, which take 95 MB of columns. Brokers refuse more than 1 MiB unless told otherwise. */
const valueBytesMax = 67_108_864;

/** What the settings say of the fields of messages. */
export interface MessageFields {
  readonly rules: RecordRules;
  readonly paths: FieldPaths;
  readonly keys: KeyTree;
  readonly ids: IdKind;
  readonly isSymbolInKey: boolean;
}

/** Throws an MdpError `config-invalid` where the settings contradict each other. */
export function messageFields(context: DecoderContext): MessageFields {
  const { source, values } = context;
  const { fields, event_time_unit: unit, venue, symbol, ids } = values;
  const isSymbolInKey = values.symbol_from === 'key';
  const invalid = (problem: string): MdpError => new MdpError('config-invalid', `Source "${source}": ${problem}.`);
  if (isSymbolInKey && Object.hasOwn(fields, 'symbol')) {
    throw invalid('fields.symbol names a field, but symbol_from is key; leave one of them out');
  }
  const names = fieldNames(source, fields, unit);
  const asked = tickFields.filter((field) =>
    !(field === 'trade_id' && ids === 'absent') && !(field === 'symbol' && isSymbolInKey));
  const paths = new Map(asked.map((field) => [field, names[field].split('.')]));
  for (const [field, path] of paths) {
    if (path.includes('')) throw invalid(`fields.${field} is "${names[field]}"; write a name on each side of a dot`);
  }
  const keys = keyTreeOf(paths);
  if (typeof keys === 'string') throw invalid(`of the setting fields, ${keys}`);
  const finder = new InstrumentFinder(context.instruments, { venue, symbol });
  const named = isSymbolInKey ? { ...names, symbol: 'key' } : names;
  return { rules: { names: named, unit, finder, hasDefaultSymbol: symbol !== null }, paths, keys, ids, isSymbolInKey };
}

/** What is wrong with a value before it is read; null for nothing. */
export function faultOfSize({ keyStart, keyEnd, valueStart, valueEnd }: Message): Fault | null {
  if (valueStart < 0) return { reason: 'malformed', message: 'the message has no value (it is a tombstone)' };
  const bytes = valueEnd - valueStart + keyEnd - keyStart;
  if (bytes <= valueBytesMax) return null;
  return { reason: 'too-long', message: `the message has ${bytes} bytes; ${valueBytesMax} at most` };
}

/** The key as text; undefined where it is null. */
export function keyText({ bytes, keyStart, keyEnd }: Message): string | undefined {
  return keyStart < 0 ? undefined : bytes.toString('utf8', keyStart, keyEnd);
}
