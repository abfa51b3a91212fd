import type { ClientOutlet, LiveClient } from '../../live/client.ts';
import type { ClientMessage, ServerMessage } from '../../model/stream.ts';
import type { ClientMessages } from './client-messages.ts';
import type { Bye, LiveStream, StreamClient } from './live-stream.ts';
import { MessageBudget } from './message-budget.ts';
import type { StreamSocket } from './stream-socket.ts';

/** What `ws` needs to know of each message: text, whole, never compressed. */
const asText = { binary: false, compress: false, fin: true } as const;

const floodOfMessages: Bye = {
  code: 'too-many-messages', message: 'More than 200 messages or pings in 10 s. Send fewer: one can name many channels.',
};
const floodOfRefused: Bye = {
  code: 'too-many-refused', message: 'More than 20 messages in 10 s were refused; each answer said why.',
};
const keyGone: Bye = { code: 'key-gone', message: 'The API key of this stream does not count any more. Ask for another.' };

/** Close codes: the server goes away; what came breaks a rule. */
const goingAway = 1_001;
const ruleBroken = 1_008;

export interface SocketParts {
  readonly socket: StreamSocket;
  readonly stream: LiveStream;
  readonly messages: ClientMessages;
  /** Whether the key that it came with still counts. */
  readonly isAllowed: () => boolean;
}

/**
 * One WebSocket between the hub and who looks. `open` until one of the two ends it; then nothing more is read or sent, and
 * the hub and the count of clients have let it go, whatever the other side does with the close.
 */
export class SocketClient implements StreamClient, ClientOutlet {
  readonly #parts: SocketParts;
  readonly #live: LiveClient;
  readonly #budget = new MessageBudget();
  #isOpen = true;
  #isAnswering = true;

  /** Says hello. */
  constructor(parts: SocketParts) {
    this.#parts = parts;
    const { socket, stream } = parts;
    this.#live = stream.hub.connect(this);
    stream.add(this);
    socket.on('message', (data, isBinary) => this.#receive(isBinary || !Buffer.isBuffer(data) ? '' : data.toString()));
    socket.on('ping', (data) => this.#pinged(data));
    socket.on('pong', () => { this.#isAnswering = true; });
    socket.on('close', () => {
      this.#leave();
      stream.remove(this);
    });
    socket.onFault = (words) => {
      this.#say({ type: 'bye', code: 'bad-frame', message: words });
      this.#leave();
    };
    this.#say(stream.hello());
  }

  get bufferedBytes(): number {
    return this.#parts.socket.bufferedAmount;
  }

  send(message: Buffer): void {
    if (this.#isOpen) this.#parts.socket.send(message, asText, this.#sent);
  }

  beat(): void {
    const { socket, isAllowed } = this.#parts;
    if (!this.#isAnswering || !this.#isOpen) return this.terminate();
    if (!isAllowed()) return this.#end(keyGone, ruleBroken);
    this.#isAnswering = false;
    socket.ping();
  }

  end(bye: Bye): void {
    this.#end(bye, goingAway);
  }

  terminate(): void {
    this.#leave();
    this.#parts.socket.terminate();
  }

  /** Told behind each message that is on the wire: the hub asks for it, and goes by what is left. */
  readonly #sent = (): void => {
    if (this.#isOpen && this.#parts.socket.bufferedAmount === 0) this.#live.drained();
  };

  #receive(text: string): void {
    if (!this.#isOpen) return;
    if (!this.#budget.take(this.#parts.stream.nowMs)) return this.#end(floodOfMessages, ruleBroken);
    const read = this.#parts.messages.read(text);
    if (read.type !== 'refused') return this.#obey(read);
    this.#say(read);
    if (!this.#budget.refuse()) this.#end(floodOfRefused, ruleBroken);
  }

  /** By hand: a client that pings and never reads would have us keep an answer to each. */
  #pinged(data: Buffer): void {
    if (!this.#isOpen) return;
    if (this.#budget.take(this.#parts.stream.nowMs)) this.#parts.socket.pong(data);
    else this.#end(floodOfMessages, ruleBroken);
  }

  #obey(message: ClientMessage): void {
    switch (message.type) {
      case 'subscribe': return this.#live.subscribe(message.id, message.channels);
      case 'unsubscribe': return this.#live.unsubscribe(message.id, message.channels);
      case 'conflate': return this.#live.conflate(message.id, message.ms);
      case 'resync': return this.#live.resync(message.id);
    }
  }

  #say(message: ServerMessage): void {
    if (this.#isOpen) this.#parts.socket.send(JSON.stringify(message), asText);
  }

  #end(bye: Bye, code: number): void {
    if (!this.#isOpen) return;
    this.#say({ type: 'bye', ...bye });
    this.#leave();
    this.#parts.socket.close(code, bye.code);
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#live.close();
  }
}
