/**
 * Instruments by their names, and venues by theirs, as bytes. Open addressing, never more than half full; names are compared
 * whole, so that no other name passes for one.
 */
const nameBytesMax: i32 = 32;
const entriesMax: i32 = 32768;
const slotCount: i32 = 2 * entriesMax;
const slotMask: usize = slotCount - 1;
/** By slot: one more than an entry, 0 for a free one. */
const slots: usize = memory.data(slotCount * 4, 16);
/** An entry: the length, the scope and the number, all i32; from 16 on the name, zeros behind it. */
const entryBytes: i32 = 48;
const entries: usize = memory.data(entriesMax * entryBytes, 16);
let count: i32 = 0;

const places: v128 = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

/** The first `length` of 16 bytes, zeros behind them. */
// @ts-ignore: decorator
@inline
function firstBytes(at: usize, length: i32): v128 {
  return v128.and(v128.load(at), i8x16.lt_s(places, i8x16.splat(<i8>min(length, 16))));
}

// @ts-ignore: decorator
@inline
function slotOf(head: v128, tail: v128, key: i32): usize {
  const mixed = v128.xor(head, tail);
  let hash = (<u64>i64x2.extract_lane(mixed, 0) ^ (<u64>key * 0x9e3779b97f4a7c15)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 32) ^ <u64>i64x2.extract_lane(mixed, 1)) * 0xc4ceb9fe1a85ec53;
  return <usize>(hash >> 40) & slotMask;
}

/** The number of the name in its scope (a symbol's is its venue's number, a venue's is -1); -1 where it is unknown. */
// @ts-ignore: decorator
@inline
export function findName(at: usize, length: i32, scope: i32): i32 {
  if (length > nameBytesMax) return -1;
  const head = firstBytes(at, length);
  const tail = firstBytes(at + 16, max(length - 16, 0));
  let slot = slotOf(head, tail, length ^ (scope << 6));
  while (true) {
    const known = load<i32>(slots + (slot << 2));
    if (known == 0) return -1;
    const entry = entries + <usize>(known - 1) * entryBytes;
    const isLike = load<i32>(entry) == length && load<i32>(entry, 4) == scope;
    const differs = v128.or(v128.xor(v128.load(entry, 16), head), v128.xor(v128.load(entry, 32), tail));
    if (isLike && !v128.any_true(differs)) return load<i32>(entry, 8);
    slot = (slot + 1) & slotMask;
  }
}

/** Adds a name that is not there yet. False where it is too long, or there are too many: it stays unknown. */
export function addName(at: usize, length: i32, scope: i32, value: i32): bool {
  if (length > nameBytesMax || count == entriesMax) return false;
  const head = firstBytes(at, length);
  const tail = firstBytes(at + 16, max(length - 16, 0));
  const entry = entries + <usize>count * entryBytes;
  store<i32>(entry, length);
  store<i32>(entry, scope, 4);
  store<i32>(entry, value, 8);
  v128.store(entry, head, 16);
  v128.store(entry, tail, 32);
  let slot = slotOf(head, tail, length ^ (scope << 6));
  while (load<i32>(slots + (slot << 2)) != 0) slot = (slot + 1) & slotMask;
  store<i32>(slots + (slot << 2), ++count);
  return true;
}
