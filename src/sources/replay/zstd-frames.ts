import { Buffer } from 'node:buffer';

const frameMagic = 0xfd2fb528;
/** Sixteen magic numbers, 0x184d2a50 to 0x184d2a5f, of frames that hold no data. */
const skippableMagic = 0x184d2a5;
const runLengthBlock = 1;
const dictionaryIdBytes = [0, 1, 2, 4] as const;
const contentSizeBytes = [0, 2, 4, 8] as const;

/**
 * Finds the ends of the frames in a zstd file (RFC 8878, section 3.1), since Node's decompressor reads one
 * frame and leaves what follows unread without a word; tools that append or compress in parallel write
 * several. Only headers are read, and what is no zstd is left to the decompressor to refuse.
 *
 * `frame` reads a frame's header, `block` a block's; `content` passes over what they announced.
 */
export class ZstdFrames {
  #part: 'frame' | 'block' | 'content' = 'frame';
  /** The header at hand, while it is not complete. */
  #header: number[] = [];
  /** Bytes of content to go. */
  #toPass = 0;
  #hasChecksum = false;
  /** Whether the frame ends with the content at hand. */
  #isLast = false;

  /** How many bytes of `piece` belong to the frame at hand, and whether it ends behind them. */
  take(piece: Uint8Array): { readonly bytes: number; readonly endsFrame: boolean } {
    let at = 0;
    while (at < piece.length) {
      if (this.#part === 'content') {
        const passed = Math.min(this.#toPass, piece.length - at);
        at += passed;
        this.#toPass -= passed;
      } else {
        this.#header.push(piece[at++]);
        if (this.#part === 'frame') this.#readFrameHeader();
        else this.#readBlockHeader();
      }
      if (this.#part !== 'content' || this.#toPass > 0) continue;
      this.#part = this.#isLast ? 'frame' : 'block';
      if (this.#isLast) return { bytes: at, endsFrame: true };
    }
    return { bytes: at, endsFrame: false };
  }

  #readFrameHeader(): void {
    const header = Buffer.from(this.#header);
    if (header.length < 5) return;
    const magic = header.readUInt32LE(0);
    if (magic >>> 4 === skippableMagic) {
      if (header.length === 8) this.#pass(header.readUInt32LE(4), true);
      return;
    }
    if (magic !== frameMagic) return this.#pass(Infinity, true);
    const descriptor = header[4];
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >>> 6;
    const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : contentSizeBytes[sizeFlag];
    const length = 5 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes[descriptor & 3] + sizeBytes;
    if (header.length < length) return;
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#header = [];
    this.#part = 'block';
  }

  #readBlockHeader(): void {
    if (this.#header.length < 3) return;
    const word = this.#header[0] | (this.#header[1] << 8) | (this.#header[2] << 16);
    const isLast = (word & 1) === 1;
    const size = ((word >>> 1) & 3) === runLengthBlock ? 1 : word >>> 3;
    this.#pass(size + (isLast && this.#hasChecksum ? 4 : 0), isLast);
  }

  #pass(bytes: number, isLast: boolean): void {
    this.#header = [];
    this.#toPass = bytes;
    this.#isLast = isLast;
    this.#part = 'content';
  }
}
