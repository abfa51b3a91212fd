import { randomUUID } from 'node:crypto';
import type { LiveHubView } from '../../live/client.ts';
import type { Clock } from '../../model/clock.ts';
import type { ServerMessage } from '../../model/stream.ts';

/** The part of the settings `stream` that the server keeps; the hub keeps the others. */
export interface StreamLimits {
  readonly conflate_ms: number;
  readonly clients_max: number;
  readonly subscriptions_max: number;
  readonly heartbeat_ms: number;
}

/** Why a client is ended, in the words that it gets. */
export type Bye = Omit<Extract<ServerMessage, { type: 'bye' }>, 'type'>;

/** One client of the stream, whatever it came by. */
export interface StreamClient {
  /** Called each heartbeat: whoever has not answered the one before is cut off. */
  beat(): void;
  /** Says why and closes. What the client does not take within a while is cut off. */
  end(bye: Bye): void;
  /** Closes at once. */
  terminate(): void;
}

export interface LiveStreamOptions {
  readonly hub: LiveHubView;
  readonly settings: StreamLimits;
  readonly clock: Clock;
  readonly version: string;
}

/** Shorter than what the listener gives answers that are being sent. */
const closeMsMax = 1_500;

/** All clients of the live stream: how many there may be, whether they live, and how they are ended. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #clients = new Set<StreamClient>();
  readonly #closed = new AbortController();
  /** Another one after a start: clients ask again for what they had. */
  readonly #session = randomUUID();
  #onEmpty: (() => void) | null = null;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  get hub(): LiveHubView {
    return this.#options.hub;
  }

  get nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Nobody more is let in. */
  get isFull(): boolean {
    return this.#closed.signal.aborted || this.#clients.size >= this.#options.settings.clients_max;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** The first message of every client. */
  hello(): Extract<ServerMessage, { type: 'hello' }> {
    const { settings: { conflate_ms, heartbeat_ms, subscriptions_max }, version } = this.#options;
    const facts = { session: this.#session, version, now_ms: this.nowMs };
    return { type: 'hello', ...facts, conflate_ms, heartbeat_ms, subscriptions_max };
  }

  add(client: StreamClient): void {
    this.#clients.add(client);
  }

  /** It has gone. May be called twice. */
  remove(client: StreamClient): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  }

  /** Heartbeats, until `close`. */
  async run(): Promise<void> {
    const { clock, settings } = this.#options;
    while (!this.#closed.signal.aborted) {
      await clock.wait(settings.heartbeat_ms, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      for (const client of this.#clients) client.beat();
    }
  }

  /** Says goodbye to all, waits a while for them to go, and cuts off those that do not. */
  async close(): Promise<void> {
    this.#closed.abort();
    const waiting = new AbortController();
    this.#onEmpty = () => waiting.abort();
    for (const client of this.#clients) client.end(serverEnds);
    if (this.#clients.size > 0) await this.#options.clock.wait(closeMsMax, waiting.signal);
    for (const client of this.#clients) client.terminate();
  }
}

const serverEnds: Bye = {
  code: 'server-ends', message: 'The server ends. Connect again in a few seconds; nothing is lost, closed bars are stored.',
};
