/** What Java's producers put before their blocks: a magic, a version and the oldest version that can read it. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = xerialMagic.length + 2 * 4;

/**
 * The bytes of a batch that was compressed with Snappy: one raw block, or a row of them, each behind its length, after the
 * header of snappy-java. Throws an Error when they are neither.
 * Formats: https://github.com/google/snappy/blob/main/format_description.txt and SnappyOutputStream of snappy-java.
 */
export function decompressSnappy(bytes: Buffer, decompressBlock: (block: Buffer) => Buffer, bytesMax: number): Buffer {
  const blocks = isXerial(bytes) ? xerialBlocks(bytes) : [bytes];
  const total = blocks.reduce((sum, block) => sum + uncompressedBytes(block), 0);
  if (total > bytesMax) throw new Error(`becomes ${total} bytes; ${bytesMax} at most`);
  const pieces = blocks.map(decompressBlock);
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

function isXerial(bytes: Buffer): boolean {
  return bytes.length >= xerialHeaderBytes && bytes.subarray(0, xerialMagic.length).equals(xerialMagic);
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = xerialHeaderBytes;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Error('ends inside the length of a Snappy block');
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('ends inside a Snappy block');
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** A block begins with its size as a varint of seven bits a byte, 32 bits at most. */
function uncompressedBytes(block: Buffer): number {
  let size = 0;
  for (let at = 0; at < Math.min(block.length, 5); at++) {
    size += (block[at] & 0x7f) * 2 ** (7 * at);
    if (block[at] < 0x80) return size;
  }
  throw new Error('a Snappy block does not say its size');
}
