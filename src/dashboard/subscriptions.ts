import type { Channel, ClientMessage } from '../model/stream.ts';
import { channelKey } from './stream-keys.ts';

/** Few enough for one message of 64 KiB with the longest names. */
const channelsOfMessageMax = 100;

/**
 * Which channels somebody looks at, and which of them the server has been asked for. The server takes all channels of a
 * message or none: of one that it refuses each half is asked for by itself, so that one channel that there is not keeps no
 * other from coming.
 */
export class Subscriptions {
  /** How many look at each channel. */
  readonly #wanted = new Map<string, { readonly channel: Channel; lookers: number }>();
  readonly #send: (message: ClientMessage) => void;
  readonly #nextId: () => number;
  #asked = new Map<string, Channel>();
  readonly #unanswered = new Map<number, readonly Channel[]>();

  constructor(nextId: () => number, send: (message: ClientMessage) => void) {
    this.#nextId = nextId;
    this.#send = send;
  }

  count(channels: readonly Channel[], by: 1 | -1): void {
    for (const channel of channels) {
      const key = channelKey(channel);
      const entry = this.#wanted.get(key) ?? { channel, lookers: 0 };
      entry.lookers += by;
      if (entry.lookers <= 0) this.#wanted.delete(key);
      else this.#wanted.set(key, entry);
    }
  }

  /** Over a new wire nothing has been asked for. */
  forget(): void {
    this.#asked = new Map();
    this.#unanswered.clear();
  }

  /** Asks for what is wanted and has not been asked for, and gives up what nobody wants any more. */
  synchronise(): void {
    const added = [...this.#wanted].filter(([key]) => !this.#asked.has(key)).map(([, { channel }]) => channel);
    const dropped = [...this.#asked].filter(([key]) => !this.#wanted.has(key)).map(([, channel]) => channel);
    if (dropped.length > 0) this.#send({ type: 'unsubscribe', id: this.#nextId(), channels: dropped });
    this.#ask(added);
    this.#asked = new Map([...this.#wanted].map(([key, { channel }]) => [key, channel]));
  }

  #ask(channels: readonly Channel[]): void {
    for (let first = 0; first < channels.length; first += channelsOfMessageMax) {
      const part = channels.slice(first, first + channelsOfMessageMax);
      const id = this.#nextId();
      this.#unanswered.set(id, part);
      this.#send({ type: 'subscribe', id, channels: part });
    }
  }

  taken(id: number): void {
    this.#unanswered.delete(id);
  }

  refused(id: number): void {
    const channels = this.#unanswered.get(id) ?? [];
    this.#unanswered.delete(id);
    if (channels.length < 2) return;
    const middle = channels.length >> 1;
    this.#ask(channels.slice(0, middle));
    this.#ask(channels.slice(middle));
  }
}
