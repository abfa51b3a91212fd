import type { ServerResponse } from 'node:http';
import type { ClientOutlet, LiveClient } from '../../live/client.ts';
import type { Channel } from '../../model/stream.ts';
import type { Bye, LiveStream, StreamClient } from './live-stream.ts';

export interface EventParts {
  readonly response: ServerResponse;
  readonly stream: LiveStream;
  readonly channels: readonly Channel[];
  /** Null: as the server is set. */
  readonly conflateMs: number | null;
  readonly isAllowed: () => boolean;
}

/** A client that has lost its connection comes back after so long. */
const retryMs = 2_000;
/** How every message begins. */
const beginning = /^\{"type":"([a-z]+)"(?:,"seq":(\d+))?/;
const beginningBytes = 64;
const end = Buffer.from('\n\n');

/**
 * The same messages as server-sent events: `event` is the type of the message, `id` its seq. Heartbeats are comments; a
 * client that has taken nothing of what waits for it between two of them is cut off. The headers are sent already.
 */
export class EventClient implements StreamClient, ClientOutlet {
  readonly #parts: EventParts;
  readonly #live: LiveClient;
  #isOpen = true;
  #takenSinceBeat = 0;

  /** Says hello and subscribes. What the hub refuses is its last word. */
  constructor(parts: EventParts) {
    this.#parts = parts;
    const { response, stream, channels, conflateMs } = parts;
    this.#live = stream.hub.connect(this);
    stream.add(this);
    response.on('close', () => {
      this.#leave();
      stream.remove(this);
    });
    response.on('error', () => this.terminate());
    response.write(`retry: ${retryMs}\n`);
    this.send(Buffer.from(JSON.stringify(stream.hello())));
    if (conflateMs !== null) this.#live.conflate(0, conflateMs);
    if (this.#isOpen) this.#live.subscribe(0, channels);
  }

  get bufferedBytes(): number {
    return this.#parts.response.writableLength;
  }

  send(message: Buffer): void {
    if (!this.#isOpen) return;
    const { response } = this.#parts;
    const [, type = 'message', seq] = beginning.exec(message.toString('latin1', 0, beginningBytes)) ?? [];
    response.cork();
    response.write(`event: ${type}\n${seq === undefined ? '' : `id: ${seq}\n`}data: `);
    response.write(message);
    response.write(end, this.#sent);
    response.uncork();
    if (type === 'refused') this.end({ code: 'refused', message: 'The message before says why.' });
  }

  beat(): void {
    const { response, isAllowed } = this.#parts;
    const isStuck = response.writableLength > 0 && this.#takenSinceBeat === 0;
    if (isStuck || !this.#isOpen) return this.terminate();
    if (!isAllowed()) return this.end({ code: 'key-gone', message: 'The API key of this stream does not count any more.' });
    this.#takenSinceBeat = 0;
    response.write(': beat\n\n', this.#taken);
  }

  end(bye: Bye): void {
    if (!this.#isOpen) return;
    this.#leave();
    this.#parts.response.end(`event: bye\ndata: ${JSON.stringify({ type: 'bye', ...bye })}\n\n`);
  }

  terminate(): void {
    this.#leave();
    this.#parts.response.destroy();
  }

  readonly #taken = (): void => {
    this.#takenSinceBeat++;
  };

  readonly #sent = (): void => {
    this.#takenSinceBeat++;
    if (this.#isOpen && this.#parts.response.writableLength === 0) this.#live.drained();
  };

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#live.close();
  }
}
