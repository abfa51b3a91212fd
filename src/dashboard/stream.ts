import type { Changes, Channel, ClientMessage, ServerMessage } from '../model/stream.ts';
import { Subscriptions } from './subscriptions.ts';

/*
 * The client of /api/stream. It connects, and when the connection is lost connects again for as long as the page lives,
 * asking anew for everything that somebody still looks at. It goes through these states:
 *
 *   connecting ── hello ──▶ open ── lost ──▶ waiting ── later ──▶ connecting
 *        └── refused for want of a key ──▶ locked ── unlock() ──▶ connecting
 *
 * `freshness` counts how often something may have been missed: at every hello, and at every hole in `seq`. Whoever holds
 * closed bars asks for them again when it grows; what is forming comes anew by itself, with the snapshot.
 */

export type StreamState =
  | { readonly name: 'connecting'; readonly lostMs: number | null }
  | { readonly name: 'open'; readonly session: string; readonly version: string }
  | { readonly name: 'waiting'; readonly lostMs: number; readonly words: string | null }
  | { readonly name: 'locked' };

export interface Wire {
  send(text: string): void;
  close(): void;
}

export interface WireEvents {
  heard(text: string): void;
  /** Once, also where it could never be opened. */
  closed(): void;
  /** In place of `closed`: a key is needed. */
  locked(): void;
}

/** What the client needs of the world. */
export interface StreamPorts {
  open(events: WireEvents): Wire;
  nowMs(): number;
  /** Calls later; returns what prevents it. */
  later(ms: number, call: () => void): () => void;
  random(): number;
}

export interface StreamEvents {
  changed(changes: Changes): void;
  stateChanged(): void;
}

const retryMs = { first: 500, max: 5_000 } as const;
/** Until the server has said how often it beats. */
const heartbeatMsAtFirst = 10_000;

export class StreamClient {
  readonly #ports: StreamPorts;
  readonly #events: StreamEvents;
  readonly #subscriptions = new Subscriptions(() => this.#nextId(), (message) => this.#send(message));
  #state: StreamState = { name: 'connecting', lostMs: null };
  #wire: Wire | null = null;
  #synchronising = false;
  #id = 0;
  #seq: number | null = null;
  #attempts = 0;
  #freshness = 0;
  #offsetMs = 0;
  #farewell: string | null = null;
  #cancelTimer = (): void => {};
  #stopped = false;

  constructor(ports: StreamPorts, events: StreamEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  get state(): StreamState {
    return this.#state;
  }

  get freshness(): number {
    return this.#freshness;
  }

  /** The clock of the server, as far as this one tells: ages must not depend on how a desk's clock is set. */
  serverNowMs(): number {
    return this.#ports.nowMs() + this.#offsetMs;
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#wire?.close();
    this.#wire = null;
  }

  /** Tries at once: the network is back, or there is a key now. */
  unlock(): void {
    if (this.#state.name === 'open' || this.#stopped) return;
    this.#attempts = 0;
    this.#cancelTimer();
    const abandoned = this.#wire;
    this.#wire = null;
    abandoned?.close();
    this.#connect();
  }

  /** Wants these channels until the returned function is called. */
  subscribe(channels: readonly Channel[]): () => void {
    this.#subscriptions.count(channels, 1);
    this.#synchroniseSoon();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#subscriptions.count(channels, -1);
      this.#synchroniseSoon();
    };
  }

  /** One message for all that was asked for in one turn, and none for what was dropped and wanted again. */
  #synchroniseSoon(): void {
    if (this.#synchronising) return;
    this.#synchronising = true;
    queueMicrotask(() => {
      this.#synchronising = false;
      if (this.#state.name === 'open') this.#subscriptions.synchronise();
    });
  }

  #nextId(): number {
    return ++this.#id;
  }

  #send(message: ClientMessage): void {
    this.#wire?.send(JSON.stringify(message));
  }

  #connect(): void {
    const lostMs = this.#state.name === 'waiting' || this.#state.name === 'connecting' ? this.#state.lostMs : null;
    this.#become({ name: 'connecting', lostMs });
    this.#seq = null;
    this.#subscriptions.forget();
    const wire = this.#ports.open({
      heard: (text) => { if (this.#wire === wire) this.#hear(text); },
      closed: () => { if (this.#wire === wire) this.#lose(); },
      locked: () => { if (this.#wire === wire) this.#lock(); },
    });
    this.#wire = wire;
    this.#watch(heartbeatMsAtFirst);
  }

  /** A wire that is dead looks like one that is quiet: after two beats of silence it is asked something. */
  #watch(heartbeatMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.later(2 * heartbeatMs, () => {
      if (this.#state.name === 'open') this.#send({ type: 'unsubscribe', id: this.#nextId(), channels: [] });
      this.#cancelTimer = this.#ports.later(heartbeatMs, () => {
        const dead = this.#wire;
        this.#lose();
        dead?.close();
      });
    });
  }

  #heartbeatMs = heartbeatMsAtFirst;

  #hear(text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    this.#watch(this.#heartbeatMs);
    switch (message.type) {
      case 'hello': return this.#greet(message);
      case 'snapshot':
      case 'update': return this.#take(message);
      case 'bye':
        this.#farewell = message.message;
        return;
      case 'refused':
        if (message.id === null) this.#farewell = message.message;
        else this.#subscriptions.refused(message.id);
        return;
      case 'subscribed': return this.#subscriptions.taken(message.id);
      case 'unsubscribed':
      case 'conflated':
    }
  }

  #greet(hello: Extract<ServerMessage, { readonly type: 'hello' }>): void {
    this.#attempts = 0;
    this.#farewell = null;
    this.#heartbeatMs = hello.heartbeat_ms;
    this.#offsetMs = hello.now_ms - this.#ports.nowMs();
    this.#freshness++;
    this.#become({ name: 'open', session: hello.session, version: hello.version });
    this.#subscriptions.synchronise();
  }

  #take(message: Extract<ServerMessage, { readonly type: 'snapshot' | 'update' }>): void {
    const isHole = this.#seq !== null && message.seq !== this.#seq + 1;
    this.#seq = message.seq;
    this.#offsetMs = message.now_ms - this.#ports.nowMs();
    this.#events.changed(message.changes);
    if (!isHole) return;
    this.#freshness++;
    this.#send({ type: 'resync', id: this.#nextId() });
    this.#events.stateChanged();
  }

  #lose(): void {
    this.#wire = null;
    this.#cancelTimer();
    if (this.#stopped) return;
    const { lostMs = null } = this.#state as { readonly lostMs?: number | null };
    this.#become({ name: 'waiting', lostMs: lostMs ?? this.#ports.nowMs(), words: this.#farewell });
    const delayMs = Math.min(retryMs.max, retryMs.first * 2 ** this.#attempts++);
    // Half of it by lot: a server that comes back does not meet all its clients at one moment.
    this.#cancelTimer = this.#ports.later(delayMs * (0.5 + this.#ports.random() / 2), () => this.#connect());
  }

  #lock(): void {
    this.#wire = null;
    this.#cancelTimer();
    this.#become({ name: 'locked' });
  }

  #become(state: StreamState): void {
    this.#state = state;
    this.#events.stateChanged();
  }
}
