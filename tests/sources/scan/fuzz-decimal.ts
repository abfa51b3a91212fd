import { parseDecimal, scanDecimal } from '../../../src/sources/scan/decimal.ts';
import { TestRandom } from './test-random.ts';

/**
 * Random decimal texts, right and wrong, against Number(). Throws with the seed and the text at the first
 * difference.
 */
export function fuzzDecimals(seed: number, cases: number): void {
  const random = new TestRandom(seed);
  const out = new Float64Array(2);
  for (let n = 0; n < cases; n++) {
    const text = randomDecimal(random);
    const isDecimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);
    const wanted = isDecimal && Number.isFinite(Number(text)) ? Number(text) : null;
    const judged = parseDecimal(text);
    const isUnderflow = wanted === 0 && /[1-9]/.test(text.replace(/[eE].*/, ''));
    const where = `seed ${seed}, case ${n}, text "${text}"`;
    if (!isUnderflow && !Object.is(judged?.value ?? null, wanted))
      throw new Error(`${where}: judged ${judged?.value}, Number() ${wanted}`);
    if (isUnderflow && judged !== null) throw new Error(`${where}: an underflow was accepted`);
    if (judged !== null && judged.inexact !== isInexact(text, judged.value))
      throw new Error(`${where}: inexact ${judged.inexact}`);
    const end = scanDecimal(Buffer.from(`${text}\n`), 0, out);
    if (end === text.length && !Object.is(out[0], wanted))
      throw new Error(`${where}: scanned ${out[0]}, Number() ${wanted}`);
  }
}

/** Compares exact integers: digits and power of ten of the text against those of the printed double. */
function isInexact(text: string, value: number): boolean {
  const [a, b] = [exact(text), exact(String(value))];
  const shift = BigInt(Math.max(a.exponent, b.exponent)) - BigInt(Math.min(a.exponent, b.exponent));
  if (shift > 2_000n) return a.digits !== 0n;
  const scale = 10n ** shift;
  const same = a.exponent > b.exponent ? a.digits * scale === b.digits : a.digits === b.digits * scale;
  return !same;
}

function exact(text: string): { digits: bigint; exponent: number } {
  const [mantissa, exponent = '0'] = text.replace(/^[+-]/, '').split(/[eE]/);
  const [whole, fraction = ''] = mantissa.split('.');
  return { digits: BigInt(`0${whole}${fraction}`), exponent: Number(exponent) - fraction.length };
}

const letters = '0123456789.+-eE ,nN'.split('');

function randomDecimal(random: TestRandom): string {
  const digits = (max: number): string =>
    Array.from({ length: random.below(max + 1) }, () => random.below(10)).join('');
  switch (random.below(8)) {
    case 0:
      return `${digits(20)}.${digits(20)}`;
    case 1:
      return `${random.pick(['', '-', '+'])}${digits(5)}.${digits(9)}${random.pick(['e', 'E'])}${random.pick(['', '-', '+'])}${digits(3)}`;
    case 2:
      return String(random.uniform());
    case 3:
      return String(random.uniform() * 10 ** random.below(30));
    case 4:
      return (random.uniform() * 1_000).toFixed(random.below(12));
    case 5:
      return digits(30);
    case 6:
      return Array.from({ length: random.below(8) }, () => random.pick(letters)).join('');
    default:
      return `${digits(9)}.${digits(8)}`;
  }
}
