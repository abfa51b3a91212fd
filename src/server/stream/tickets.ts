import { randomBytes, timingSafeEqual } from 'node:crypto';

export interface Ticket {
  readonly ticket: string;
  /** Of the API key that it was given for; null where nobody is asked for one. */
  readonly keyName: string | null;
}

interface Given extends Ticket {
  readonly bytes: Buffer;
  readonly untilMs: number;
}

/** A page opens its stream at once; a slow telephone takes seconds. */
export const ticketMsMax = 30_000;
const ticketBytes = 16;
/** Each is compared with each: 1,000 take some 0.2 ms. At ten requests a second of one client, 300 can be open. */
const ticketsMax = 1_000;

/**
 * In place of a key where a browser can send no header: a random text of 128 bits that opens one stream, once, within 30 s.
 * It stands in a URL, which proxies write down: by then it is worth nothing.
 */
export class Tickets {
  readonly #nowMs: () => number;
  #given: Given[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Of more than a thousand that nobody has used the oldest is worth nothing any more. */
  give(keyName: string | null): { readonly ticket: string; readonly expiresMs: number } {
    const bytes = randomBytes(ticketBytes);
    const ticket = bytes.toString('base64url');
    const untilMs = this.#nowMs() + ticketMsMax;
    this.#given = [...this.#open().slice(1 - ticketsMax), { ticket, bytes, keyName, untilMs }];
    return { ticket, expiresMs: untilMs };
  }

  /** Null: it was never given, is used, or too old. Compared with all in constant time each. */
  take(text: unknown): Ticket | null {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
    if (bytes.length !== ticketBytes) return null;
    let found: Given | null = null;
    for (const given of this.#open()) if (timingSafeEqual(given.bytes, bytes)) found = given;
    if (found === null) return null;
    this.#given = this.#given.filter((given) => given !== found);
    return found;
  }

  #open(): readonly Given[] {
    const nowMs = this.#nowMs();
    return this.#given.filter(({ untilMs }) => untilMs > nowMs);
  }
}
