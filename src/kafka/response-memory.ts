import { ResponseBuffer } from './record-batch.ts';

const roundBytes = 64 * 1024;
/** A buffer may be this many times as large as the answers of late, and this much larger: growing anew costs little. */
const slackTimes = 4;
const slackBytes = 1024 * 1024;
/** With each answer a sixteenth of the difference to it is forgotten: 20 MB among answers of 1 MB are let go after 25. */
const forgetting = 1 / 16;

/**
 * Where one connection collects the answers to its Fetches: the same memory again and again, as large as the answers
 * are, and for one large answer not for ever. While one answer is read another may come: there are two at most.
 */
export class ResponseMemory {
  #free: ResponseBuffer | null = null;
  #usualBytes = 0;

  /** Memory for an answer, its taker's until it is given back. */
  take(sizeBytes: number): ResponseBuffer {
    this.#usualBytes = Math.max(sizeBytes, this.#usualBytes + (sizeBytes - this.#usualBytes) * forgetting);
    const free = this.#free;
    if (free !== null && this.#fits(free.bytes.length, sizeBytes)) {
      this.#free = null;
      return free;
    }
    return new ResponseBuffer(Math.ceil(sizeBytes / roundBytes) * roundBytes);
  }

  /** It will be written over. */
  giveBack(buffer: ResponseBuffer): void {
    this.#free = buffer;
  }

  #fits(heldBytes: number, sizeBytes: number): boolean {
    return heldBytes >= sizeBytes && heldBytes <= this.#usualBytes * slackTimes + slackBytes;
  }
}
