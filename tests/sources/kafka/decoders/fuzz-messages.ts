import { isUtf8 } from 'node:buffer';
import { tickFields } from '../../../../src/sources/scan/tick-fields.ts';
import { same } from '../../scan/fuzz-records.ts';
import { jsonObjects, textAt } from '../../scan/json-oracle.ts';
import { damaged, jsonLine } from '../../scan/random-lines.ts';
import { oracleTick, type OracleTick } from '../../scan/record-oracle.ts';
import { TestRandom } from '../../scan/test-random.ts';
import { Decoding } from './decoding.ts';

const venue = 'home';
/** The objects around the fields. */
const around = [[], ['data', 'tick']] as const;

interface Setup {
  readonly ids: 'unique' | 'monotone' | 'absent';
  readonly defaultSymbol: string | null;
  readonly symbolFrom: 'field' | 'key';
  readonly path: readonly string[];
  decoding: Decoding;
}

/** What stands before and behind a value belongs to other messages, and may look like the rest of this one. */
const neighbours = [
  '', '\u0000', '}', ']', ',', '0', '9.5', '"', ' ', '\n', '}]', ',"price":7}', ' }', '{"price":1', '[', ':1}', 'ull}',
  '5"}', ',{"trade_id":1,"event_time_ms":1570752011620,"price":1,"size":2,"symbol":"XRPETH"}]',
];
const keys = ['XRPETH', 'BTC-USDT', '', '__proto__', 'ÄÖ', 'x'.repeat(65), null, Buffer.of(0xc3, 0x28)];

/** How many values were read, with how many ticks; refused; and given again with more room. */
export interface FuzzCounts {
  read: number;
  ticks: number;
  refused: number;
  again: number;
}

/**
 * Damaged messages of JSON among others, against JSON.parse and plain arithmetic: equal ticks or equal refusal. Throws
 * with seed, case and value at the first difference.
 */
export function fuzzMessages(seed: number, cases: number): FuzzCounts {
  const random = new TestRandom(seed);
  const counts: FuzzCounts = { read: 0, ticks: 0, refused: 0, again: 0 };
  const setups = allSetups();
  for (let n = 0; n < cases; n++) {
    const setup = random.pick(setups);
    const value = damaged(Buffer.from(randomValue(random, setup.path)), random);
    const key = random.pick(keys);
    const wanted = oracleTicks({ value, key: key === null ? null : Buffer.from(key) }, setup);
    const where = `seed ${seed}, case ${n}, ${JSON.stringify({ ...setup, decoding: 0, key })}, ` +
      `value ${JSON.stringify(value.toString('latin1'))}`;
    const parts = { key, value, before: random.pick(neighbours), behind: random.pick(neighbours) };
    checkDecoded({ setup, parts, wanted, where, counts });
    if (random.below(10) === 0) setup.decoding.makeRoom(1 + random.below(8));
  }
  return counts;
}

interface Case {
  readonly setup: Pick<Setup, 'decoding'>;
  readonly parts: Parameters<Decoding['decode']>[0];
  readonly wanted: readonly OracleTick[] | null;
  readonly where: string;
  readonly counts: FuzzCounts;
}

/** Throws where a message is not read, or refused, as wanted; whatever it is, it changes no row of another. */
export function checkDecoded({ setup, parts, wanted, where, counts }: Case): void {
  const { decoding } = setup;
  const fail = (problem: string): never => { throw new Error(`${where}: ${problem}, wanted ${JSON.stringify(wanted)}`); };
  let before: readonly OracleTick[] = decoding.ticks();
  let decoded = decoding.decode(parts);
  if (decoded !== null && 'rowsNeeded' in decoded) {
    const isRight = decoded.rowsNeeded + before.length > decoding.columns.capacity;
    if (!isRight || (wanted !== null && decoded.rowsNeeded !== wanted.length)) fail(`${decoded.rowsNeeded} rows needed`);
    if (!sameRows(before, decoding.ticks())) fail('rows were changed');
    decoding.makeRoom(decoded.rowsNeeded);
    before = [];
    counts.again++;
    decoded = decoding.decode(parts);
  }
  const rows = decoding.ticks();
  if (decoded !== null && ('rowsNeeded' in decoded || decoded instanceof Promise)) fail(JSON.stringify(decoded));
  if ((decoded === null) !== (wanted !== null)) fail(`decoded ${JSON.stringify(decoded ?? rows)}`);
  if (!sameRows([...before, ...(wanted ?? [])], rows)) fail(`decoded ${JSON.stringify(rows)}`);
  if (wanted === null) counts.refused++;
  else counts.read++;
  counts.ticks += wanted?.length ?? 0;
}

function sameRows(a: readonly OracleTick[], b: readonly OracleTick[]): boolean {
  return a.length === b.length && a.every((tick, index) => same(tick, b[index]));
}

function allSetups(): readonly Setup[] {
  const setups: Setup[] = [];
  for (const ids of ['unique', 'monotone', 'absent'] as const) {
    for (const defaultSymbol of ['DEF', null]) {
      for (const symbolFrom of ['field', 'key'] as const) {
        for (const path of around) {
          const values = { ids, symbol: defaultSymbol, symbol_from: symbolFrom, venue, fields: fieldsAt(path, symbolFrom) };
          const decoding = new Decoding(values);
          setups.push({ ids, defaultSymbol, symbolFrom, path, decoding });
        }
      }
    }
  }
  return setups;
}

function fieldsAt(path: readonly string[], symbolFrom: 'field' | 'key'): Record<string, string> {
  const asked = tickFields.filter((field) => field !== 'symbol' || symbolFrom === 'field');
  return Object.fromEntries(asked.map((field) => {
    return [field, [...path, field === 'event_time' ? 'event_time_ms' : field].join('.')];
  }));
}

function randomValue(random: TestRandom, path: readonly string[]): string {
  const blank = (): string => (random.below(6) === 0 ? random.pick([' ', '\n', '\r\n  ', '\t']) : '');
  const tick = (): string => {
    const line = (random.below(3) === 0 ? jsonLine(random) : plainLine(random)).replaceAll(',"', () => `,${blank()}"`);
    if (path.length === 0) return line;
    const inner = `"${path[0]}":${blank()}{"x":1,"${path[1]}":${line}}`;
    if (random.below(20) > 0) return `{${inner}}`;
    const others = [`{${inner},${inner}}`, `{${inner},"${path[0]}":5}`, `{"${path[0]}":[${line}]}`, `{${inner},"y":{}}`];
    return random.pick(others);
  };
  if (random.below(3) > 0) return tick();
  const ticks = Array.from({ length: random.pick([0, 1, 2, 2, 3, 7]) }, tick);
  const list = ticks.join(`${blank()},${blank()}`);
  return `${random.below(50) === 0 ? '\ufeff' : ''}${blank()}[${blank()}${list}${blank()}]${blank()}`;
}

/** Nothing is wrong with it. */
function plainLine(random: TestRandom): string {
  const id = random.pick([`"trade_id":${random.below(1_000)},`, '"trade_id":"77",', '"trade_id":77,"trade_id":78,']);
  const side = random.pick(['"side":"buy",', '"side":"SELL",', '']);
  const price = random.pick(['1.25', '"0.001"', '100', '1e-3']);
  const time = `"event_time_ms":${1_570_752_011_620 + random.below(1_000)},`;
  const symbol = random.pick(['XRPETH', 'BTC-USDT']);
  return `{${id}${time}${side}"price":${price},"size":${random.below(9)},"symbol":"${symbol}"}`;
}

function oracleTicks(
  { value, key }: { readonly value: Buffer; readonly key: Buffer | null }, setup: Setup,
): readonly OracleTick[] | null {
  const objects = jsonObjects(value.toString().replace(/^\ufeff/, ''));
  if (objects === null) return null;
  const isText = isUtf8(value) && (setup.symbolFrom === 'field' || key === null || isUtf8(key));
  const ticks = objects.map((members) => {
    const texts = new Map(['trade_id', 'event_time_ms', 'side', 'price', 'size', 'symbol', 'venue'].map((name) =>
      [name, textAt(members, [...setup.path, name])]));
    if (setup.symbolFrom === 'key') texts.set('symbol', key === null ? undefined : key.toString());
    return oracleTick(texts, { ids: setup.ids, defaultSymbol: setup.defaultSymbol, venue }, isText);
  });
  return ticks.every((tick) => tick !== null) ? ticks : null;
}
