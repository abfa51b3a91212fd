/**
 * Exact arithmetic on doubles. Every finite double is a whole number of units of 2^-1074 (the smallest
 * double), so a sum of doubles is a sum of whole numbers, and a product of two is a whole number of units of
 * 2^-2148.
 */
const unitsOfOne = 2n ** 1074n;

/** `value` counted in units of 2^-1074. */
export function unitsOf(value: number): bigint {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no exact value`);
  const bits = bitsOf(value);
  const negative = bits >> 63n === 1n;
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const units = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n);
  return negative ? -units : units;
}

/** The double nearest to the exact sum. */
export function exactSum(values: readonly number[]): number {
  return nearestDouble(values.map(unitsOf).reduce((sum, units) => sum + units, 0n), unitsOfOne);
}

/** The double nearest to the exact sum of products, each pair multiplied exactly. */
export function exactSumOfProducts(pairs: readonly (readonly [number, number])[]): number {
  return nearestDouble(productUnits(pairs), unitsOfOne * unitsOfOne);
}

/** The double nearest to Σ(price · size) / Σ size, or null where Σ size is 0. */
export function exactMean(pairs: readonly (readonly [number, number])[]): number | null {
  const weight = pairs.reduce((sum, [, size]) => sum + unitsOf(size), 0n);
  return weight === 0n ? null : nearestDouble(productUnits(pairs), unitsOfOne * weight);
}

function productUnits(pairs: readonly (readonly [number, number])[]): bigint {
  return pairs.reduce((sum, [a, b]) => sum + unitsOf(a) * unitsOf(b), 0n);
}

/**
 * The double nearest to numerator / denominator, ties to even. The quotient is taken with at least 65 bits,
 * the last of which says whether anything was cut off; `Number` of a BigInt rounds to nearest, ties to even
 * (ECMAScript).
 */
export function nearestDouble(numerator: bigint, denominator: bigint): number {
  if (denominator < 0n) return nearestDouble(-numerator, -denominator);
  if (numerator < 0n) return -nearestDouble(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = 66 + bitLength(denominator) - bitLength(numerator);
  const top = shift > 0 ? numerator << BigInt(shift) : numerator;
  const bottom = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const quotient = top / bottom;
  const cut = top % bottom === 0n ? 0n : 1n;
  return Number(quotient | cut) * 2 ** -shift;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** How many doubles lie between the two, counting one of them: 0 for equal values, 1 for neighbours. */
export function unitsInLastPlaceBetween(a: number, b: number): bigint {
  const distance = rankOf(a) - rankOf(b);
  return distance < 0n ? -distance : distance;
}

/** The number of a double in the order of all doubles; both zeros have number 0. */
function rankOf(value: number): bigint {
  const bits = bitsOf(Math.abs(value));
  return value < 0 ? -bits : bits;
}

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}
