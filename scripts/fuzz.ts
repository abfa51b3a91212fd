/**
 * Millions of random and damaged records and messages through the scanners, against csv-parse, JSON.parse, Number() and
 * whole-number arithmetic. `fuzz [CASES] [SEED]`; the seed is printed, and a difference names the record.
 */
import { fuzzDecimals } from '../tests/sources/scan/fuzz-decimal.ts';
import { fuzzMessages } from '../tests/sources/kafka/decoders/fuzz-messages.ts';
import { fuzzProtobuf } from '../tests/sources/kafka/decoders/fuzz-protobuf.ts';
import { fuzzRuns } from '../tests/sources/kafka/decoders/fuzz-runs.ts';
import { fuzzCsv, fuzzJson, fuzzLikeLines } from '../tests/sources/scan/fuzz-records.ts';

const cases = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
console.log(`seed ${seed}, ${cases.toLocaleString('en')} cases each`);
fuzzDecimals(seed, cases);
console.log('decimals: no difference');
console.log('csv: no difference', fuzzCsv(seed, cases));
console.log('json: no difference', fuzzJson(seed, cases));
console.log('json, lines alike: no difference', fuzzLikeLines(seed, cases));
console.log('messages: no difference', fuzzMessages(seed, cases));
console.log('messages, many at a time: no difference', fuzzRuns(seed, Math.ceil(cases / 60)));
console.log('messages of Protobuf: no difference', await fuzzProtobuf(seed, cases));
