import type { Mutant } from './list.ts';

const folder = 'src/sources/kafka/decoders';
const json = { file: `${folder}/json.ts`, test: 'tests/sources/kafka/decoders/json.test.ts' };
const lines = { test: 'tests/sources/scan/json.test.ts' };
const alike = { file: `${folder}/alike-records.ts`, test: 'tests/sources/kafka/decoders/alike-records.test.ts' };
const avro = { test: 'tests/sources/kafka/decoders/avro.test.ts' };
const protobuf = { test: 'tests/sources/kafka/decoders/protobuf.test.ts' };

/** Faults of reading ticks from messages. */
export const decoderMutants: readonly Mutant[] = [
  {
    ...json, name: 'a message read beyond its end',
    find: 'if (ticks < 0 || !isBlankFrom(bytes, this.#end, valueEnd)) {', replace: 'if (ticks < 0) {',
    shows: 'that is cut off is not completed by the bytes behind it, at any byte',
  },
  {
    ...json, name: 'a message without the last tick of its array',
    find: '    this.#end = index + 1;\n    return ticks;\n',
    replace: '    this.#end = index + 1;\n    if (ticks > 1) columns.length--;\n    return ticks;\n',
    shows: 'holds one tick or several, with line feeds and blanks as people like them',
  },
  {
    ...json, name: 'a message with the key of the one before',
    find: 'if (this.#fields.isSymbolInKey) this.#fields',
    replace: 'if (this.#fields.isSymbolInKey && this.#fields.rules.finder.symbol.start < 0) this.#fields',
    shows: 'may have its symbol in the key, each its own',
  },
  {
    ...json, file: `${folder}/all-or-none.ts`, name: 'a message refused by halves',
    find: '  columns.length = length;\n', replace: '',
    shows: 'is all or nothing: one bad tick of an array refuses it, and says which',
  },
  {
    ...json, file: 'src/sources/scan/json-object.ts', name: 'a message with two inner objects mixed into one',
    find: '(seen & bit) === 0 ? this.#object', replace: 'bit !== 0 ? this.#object',
    shows: 'may have its fields in inner objects',
  },
  {
    ...lines, file: 'src/sources/scan/json-object.ts', name: 'a number that JSON does not have, where the layout is known',
    find: 'return bytes[at - 1] !== quote && hasLeadingZero(bytes, at) ? -1 : ', replace: 'return ',
    shows: 'of a known layout with the size 007.5 is read as JSON has it',
  },
  {
    ...lines, file: 'src/sources/scan/json-layout.ts', name: 'a layout compared but for its last bytes',
    find: 'const mask = length >= 4 ? -1 :', replace: 'const mask = length >= 4 ? 0xffffff :',
    shows: 'is read alike where it is laid out as the one before it, whatever happens to its bytes',
  },
  {
    ...avro, file: `${folder}/schema-registry.ts`, name: 'a message given up because a proxy says 404',
    find: "if (status === 404 && typeof answer?.['error_code'] === 'number') return null;",
    replace: 'if (status === 404) return null;',
    shows: 'that is down, in trouble or somebody else loses no message: it waits, and says so',
  },
  {
    ...avro, file: `${folder}/awaited-schemas.ts`, name: 'a message given up because the registry was down',
    find: '        if (this.#abort.aborted) return;\n',
    replace: "        this.#known.set(id, this.#notUsable('it is down'));\n        return;\n",
    shows: 'that is down, in trouble or somebody else loses no message: it waits, and says so',
  },
  {
    ...protobuf, file: `${folder}/protobuf.ts`, name: 'a message of Protobuf always of the first type of its schema',
    find: 'return Array.from({ length: count }, () => reader.sint32());',
    replace: 'for (let left = count; left > 0; left--) reader.sint32();\n  return firstType;',
    shows: 'says which of the types of its schema it is',
  },
  {
    ...protobuf, file: `${folder}/protobuf-messages.ts`, name: 'a list of Protobuf without what is damaged of it',
    find: '    yield error as Error;\n', replace: '    void error;\n', shows: 'may hold several ticks, all or nothing',
  },
  {
    ...protobuf, file: `${folder}/wire-reader.ts`, name: 'a long of Protobuf that has become a double',
    find: 'return high < inexactHigh ?', replace: 'return high >= 0 ?',
    shows: 'keeps ids and nanoseconds that a double would lose',
  },
  {
    ...protobuf, file: `${folder}/protobuf-messages.ts`, name: 'a field of Protobuf that another has taken the place of',
    find: '    for (const other of field.instead) into.delete(other);\n', replace: '',
    shows: 'has of a oneof what came last',
  },
  {
    ...protobuf, file: `${folder}/protobuf-plans.ts`, name: 'buyers of Protobuf whose side is 0 forgotten',
    find: 'return hasImplicitPresence(field) ? enumReading(type).zero : undefined;', replace: 'return undefined;',
    shows: 'means the zero of an enum where it has none, unless its schema would tell that apart',
  },
  {
    ...alike, name: 'one new name learnt a call',
    find: 'while (this.#known < this.#instruments.size) this.#know', replace: 'if (this.#known < this.#instruments.size) this.#know',
    shows: 'are known by all their names once these were met',
  },
  {
    ...alike, name: 'a batch read from the bytes of the one before', find: 'rest.serial === this.#serial && ', replace: '',
    shows: 'of batches that were compressed are not taken from the batch before',
  },
  {
    ...alike, name: 'a run that outlasts the span of a batch', find: 'request[8] = untilMs;', replace: 'request[8] = Infinity;',
    shows: 'stay in one batch for less than its span of event time',
  },
  {
    ...alike, file: 'src/kafka/record-cursor.ts', name: 'a run that reads a batch to its last record',
    find: 'rest.count = this.#left - 1;', replace: 'rest.count = this.#left;',
    shows: 'are all read that way in a second batch but the first and the last',
  },
];
