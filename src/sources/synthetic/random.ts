/**
 * xoshiro128++ 1.0: D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM
 * Transactions on Mathematical Software 47 (2021). Period 2^128 - 1, 32-bit additions, shifts and
 * exclusive-ors only: the same numbers on every machine. Seeded by SplitMix's 32-bit finaliser: G. Steele, D.
 * Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    this.#a = mix(seed + 0x9e3779b9);
    this.#b = mix(seed + 2 * 0x9e3779b9);
    this.#c = mix(seed + 3 * 0x9e3779b9);
    this.#d = mix(seed + 4 * 0x9e3779b9) | 1; // Not all four may be 0.
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const sum = (this.#a + this.#d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) | 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 32 bits fine. */
  uniform(): number {
    return (this.bits() >>> 0) / 0x1_0000_0000;
  }

  /** Uniform in 0 .. bound - 1; the bias is bound / 2^32. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /**
   * Standard normal, nearly: the sum of four random bytes (Irwin and Hall, 1927), mean 0 and variance 1,
   * never beyond 3.45. Its fourth moment is 2.7 where the normal's is 3.
   */
  normal(): number {
    const bits = this.bits();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    return (sum - 510) * perStandardDeviation;
  }

  /**
   * Exponential with mean 1, nearly: one of 1,024 equally likely pieces between quantiles, uniform within the
   * piece, the last piece cut at 8.93. The table is scaled so that the mean is exact. No logarithm is taken
   * per number.
   */
  exponential(): number {
    const bits = this.bits();
    const piece = bits >>> 22;
    return pieceStart[piece] + pieceWidth[piece] * (bits & 0x3f_ffff);
  }
}

/** Four independent bytes have variance 4 (256² - 1) / 12 = 21,845. */
const perStandardDeviation = 1 / Math.sqrt(21_845);

const pieces = 1_024;
const pieceStart = new Float64Array(pieces);
const pieceWidth = new Float64Array(pieces); // In units of 2^-22 of the piece.
fillPieces();

/**
 * Quantiles of the exponential distribution: q(i) = -ln(1 - i/n), so q(i+1) - q(i) = ln(k / (k-1)) = 2
 * artanh(1 / (2k-1)) with k = n - i. Summed as a series of plain arithmetic, so that the table does not
 * depend on anyone's logarithm.
 */
function fillPieces(): void {
  let start = 0;
  let doubledMean = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const k = pieces - piece;
    const width = k === 1 ? 2 : 2 * artanh(1 / (2 * k - 1)); // The tail's mean lies 1 behind its start.
    pieceStart[piece] = start;
    pieceWidth[piece] = width;
    doubledMean += 2 * start + width;
    start += width;
  }
  const scale = (2 * pieces) / doubledMean;
  for (let piece = 0; piece < pieces; piece++) {
    pieceStart[piece] *= scale;
    pieceWidth[piece] *= scale / 0x40_0000;
  }
}

function artanh(x: number): number {
  let sum = 0;
  let power = x;
  for (let n = 1; n < 60; n += 2) {
    sum += power / n;
    power *= x * x;
  }
  return sum;
}

function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
