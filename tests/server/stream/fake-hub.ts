import type { ClientOutlet, LiveClient, LiveHubView, LiveStatus } from '../../../src/live/client.ts';
import type { Channel, StreamHealth } from '../../../src/model/stream.ts';

const limits = { conflate_ms: 50, clients_max: 1_000, subscriptions_max: 500, buffer_bytes: 262_144, heartbeat_ms: 60_000 };

/** The settings of the stream, over their defaults. */
export function streamLimits(overrides: Partial<typeof limits> = {}): typeof limits {
  return { ...limits, ...overrides };
}

/** A hub that answers as the contract says and sends what a test tells it to. */
export class FakeHub implements LiveHubView {
  readonly clients = new Set<FakeClient>();
  readonly health: StreamHealth[] = [];
  readonly #refuses: (channel: Channel) => boolean;

  constructor(refuses: (channel: Channel) => boolean = () => false) {
    this.#refuses = refuses;
  }

  connect(outlet: ClientOutlet): FakeClient {
    const client = new FakeClient(outlet, this.#refuses, () => this.clients.delete(client));
    this.clients.add(client);
    return client;
  }

  get status(): LiveStatus {
    const subscriptions = [...this.clients].reduce((sum, client) => sum + client.subscriptions, 0);
    return { clients: this.clients.size, subscriptions, messages: 0, snapshots: { subscribe: 0, resync: 0, slow: 0 } };
  }

  publishAlerts(): void {}

  publishHealth(health: StreamHealth): void {
    this.health.push(health);
  }

  /** Of the only client. */
  get client(): FakeClient {
    const [client] = this.clients;
    if (client === undefined) throw new Error('the hub has no client');
    return client;
  }
}

export class FakeClient implements LiveClient {
  readonly outlet: ClientOutlet;
  readonly asked: unknown[] = [];
  drains = 0;
  readonly #channels = new Set<string>();
  readonly #refuses: (channel: Channel) => boolean;
  readonly #onClose: () => void;
  #seq = 0;

  constructor(outlet: ClientOutlet, refuses: (channel: Channel) => boolean, onClose: () => void) {
    this.outlet = outlet;
    this.#refuses = refuses;
    this.#onClose = onClose;
  }

  get subscriptions(): number {
    return this.#channels.size;
  }

  subscribe(id: number, channels: readonly Channel[]): void {
    this.asked.push({ type: 'subscribe', id, channels });
    if (channels.some(this.#refuses)) {
      return this.#answer({ type: 'refused', id, code: 'unknown-channel', field: 'channels', message: 'There is none.' });
    }
    for (const channel of channels) this.#channels.add(JSON.stringify(channel));
    this.#answer({ type: 'subscribed', id, subscriptions: this.subscriptions });
    this.tell('snapshot', {});
  }

  unsubscribe(id: number, channels: readonly Channel[]): void {
    this.asked.push({ type: 'unsubscribe', id, channels });
    for (const channel of channels) this.#channels.delete(JSON.stringify(channel));
    this.#answer({ type: 'unsubscribed', id, subscriptions: this.subscriptions });
  }

  conflate(id: number, ms: number): void {
    this.asked.push({ type: 'conflate', id, ms });
    this.#answer({ type: 'conflated', id, subscriptions: this.subscriptions });
  }

  resync(id: number): void {
    this.asked.push({ type: 'resync', id });
    this.tell('snapshot', {});
  }

  drained(): void {
    this.drains++;
  }

  close(): void {
    this.#channels.clear();
    this.#onClose();
  }

  /** With the next seq. */
  tell(type: 'snapshot' | 'update', changes: object): void {
    this.#answer({ type, seq: ++this.#seq, now_ms: 1, changes });
  }

  #answer(message: object): void {
    this.outlet.send(Buffer.from(JSON.stringify(message)));
  }
}
