import { ResponseBuffer } from './record-batch.ts';

const roundBytes = 64 * 1024;
/** A buffer may be this many times as large as the answers of late, and this much larger: growing anew costs little. */
const slackTimes = 4;
const slackBytes = 1024 * 1024;
/** With each answer a sixteenth of the difference to it is forgotten: 20 MB among answers of 1 MB are let go after 25. */
const forgetting = 1 / 16;

/**
 * Where one connection collects the answers to its Fetches: the same memory again and again, as large as the answers
 * are, and for one large answer not for ever.
 */
export class ResponseMemory {
  #buffer: ResponseBuffer | null = null;
  #isLent = false;
  #usualBytes = 0;

  /** Memory for an answer. What was given out before is written over, unless it is lent. */
  take(sizeBytes: number): ResponseBuffer {
    this.#usualBytes = Math.max(sizeBytes, this.#usualBytes + (sizeBytes - this.#usualBytes) * forgetting);
    const buffer = this.#buffer;
    if (buffer !== null && !this.#isLent && this.#fits(buffer.bytes.length, sizeBytes)) return buffer;
    this.#isLent = false;
    this.#buffer = new ResponseBuffer(Math.ceil(sizeBytes / roundBytes) * roundBytes);
    return this.#buffer;
  }

  /** What was taken last is being read: until `giveBack` it is not given out again. */
  lend(): void {
    this.#isLent = true;
  }

  giveBack(): void {
    this.#isLent = false;
  }

  #fits(heldBytes: number, sizeBytes: number): boolean {
    return heldBytes >= sizeBytes && heldBytes <= this.#usualBytes * slackTimes + slackBytes;
  }
}
