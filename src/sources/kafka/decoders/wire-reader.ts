/** The ways in which Protobuf writes a value down: https://protobuf.dev/programming-guides/encoding/#structure */
export const wireType = { varint: 0, bits64: 1, bytes: 2, groupStart: 3, groupEnd: 4, bits32: 5 } as const;
export type WireType = (typeof wireType)[keyof typeof wireType];

/** Protobuf's own libraries allow 100. */
const groupsMax = 64;
const two32 = 4_294_967_296;
/** From here on of the upper half a number is too great for a double to hold all its digits. */
const inexactHigh = 0x20_0000;

/**
 * Reads Protobuf's wire format, forward only. What it cannot read is thrown as an Error in words for people. No length that
 * the bytes claim is believed: nothing behind the end of a message, or of the part of it that is read, is looked at.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  /** Of the field that is being read. */
  #number = 0;
  /** The varint that was read last, 64 bits in two halves. */
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** The number of the next field times eight, plus its wire type; 0 where the message, or its part, ends. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    this.#varint();
    const number = this.#low >>> 3;
    if (this.#high !== 0 || number === 0) throw this.wrong('a field has no number from 1 to 536870911');
    this.#number = number;
    return this.#low;
  }

  /** Of types int32 and enum, which have 64 bits on the wire. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  uint32(): number {
    this.#varint();
    return this.#low;
  }

  sint32(): number {
    this.#varint();
    return (this.#low >>> 1) ^ -(this.#low & 1);
  }

  uint64(): number | bigint {
    this.#varint();
    return whole(this.#high, this.#low);
  }

  int64(): number | bigint {
    this.#varint();
    return signed(whole(this.#high, this.#low));
  }

  sint64(): number | bigint {
    this.#varint();
    const coded = BigInt(whole(this.#high, this.#low));
    return (coded >> 1n) ^ -(coded & 1n);
  }

  fixed32(): number {
    return this.#bytes.readUInt32LE(this.#skipBytes(4));
  }

  sfixed32(): number {
    return this.#bytes.readInt32LE(this.#skipBytes(4));
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#skipBytes(4));
  }

  fixed64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#skipBytes(8));
  }

  sfixed64(): bigint {
    return this.#bytes.readBigInt64LE(this.#skipBytes(8));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skipBytes(8));
  }

  /** Bytes that are no UTF-8 become replacement characters. */
  text(): string {
    const start = this.#skipPart();
    return this.#bytes.toString('utf8', start, this.#at);
  }

  part(): Buffer {
    const start = this.#skipPart();
    return this.#bytes.subarray(start, this.#at);
  }

  /** Reads a part that is a message of its own: for `read` the end is the end of that part, where it must get to. */
  within<T>(read: () => T): T {
    const start = this.#skipPart();
    const [behind, end] = [this.#at, this.#end];
    this.#at = start;
    this.#end = behind;
    const result = read();
    this.#end = end;
    return result;
  }

  /** Passes by the value of the field with this tag; groups with all that they hold. */
  skip(tag: number): void {
    const groups: number[] = [];
    for (let next = tag; ; next = this.tag()) {
      const number = next >>> 3;
      if (next === 0) throw this.wrong('a group has no end');
      if ((next & 7) === wireType.groupStart) groups.push(number);
      else if ((next & 7) !== wireType.groupEnd) this.#skipValue(next & 7);
      else if (groups.pop() !== number) throw this.wrong('a group ends that has not begun');
      if (groups.length === 0) return;
      if (groups.length > groupsMax) throw this.wrong(`more than ${groupsMax} groups are in one another`);
    }
  }

  wrong(words: string): Error {
    return new Error(`${words} (field ${this.#number}, byte ${this.#at} of ${this.#bytes.length} behind the id)`);
  }

  #skipValue(type: number): void {
    if (type === wireType.varint) this.#varint();
    else if (type === wireType.bits64) this.#skipBytes(8);
    else if (type === wireType.bytes) this.#skipPart();
    else if (type === wireType.bits32) this.#skipBytes(4);
    else throw this.wrong(`there is no wire type ${type}`);
  }

  /** Returns where they begin. */
  #skipBytes(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) throw this.wrong(`${count} bytes should follow, but ${this.#end - start} do`);
    this.#at += count;
    return start;
  }

  #skipPart(): number {
    this.#varint();
    return this.#skipBytes(this.#high * two32 + this.#low);
  }

  /** Seven bits a byte, the lowest first. */
  #varint(): void {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at === this.#end) throw this.wrong('a number is cut off');
      const byte = this.#bytes[this.#at++];
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte >= 0x80) continue;
      if (shift === 63 && bits > 1) break;
      this.#low = low >>> 0;
      this.#high = high >>> 0;
      return;
    }
    throw this.wrong('a number has more than 64 bits');
  }
}

/** A number where it is exact. */
function whole(high: number, low: number): number | bigint {
  return high < inexactHigh ? high * two32 + low : (BigInt(high) << 32n) | BigInt(low);
}

function signed(value: number | bigint): number | bigint {
  return typeof value === 'number' ? value : BigInt.asIntN(64, value);
}
