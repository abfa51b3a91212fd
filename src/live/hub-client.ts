import type { SnapshotReason } from '../model/live.ts';
import type { Channel, ServerMessage } from '../model/stream.ts';
import { inOrder, type Audience, type Audiences } from './audience.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Changes } from './changes.ts';
import { keyOf, refusalOf, type KnownNames, type Refusal } from './channels.ts';
import type { ClientOutlet, LiveClient } from './client.ts';
import type { FeedBook, OpenFeed } from './feed-book.ts';
import { conflateMsMax } from './settings.ts';

/** What all clients share. */
export interface ClientParts {
  readonly names: KnownNames;
  readonly book: FeedBook;
  readonly audiences: Audiences;
  readonly changes: Changes;
  readonly writer: BodyWriter;
  readonly nowMs: () => number;
  readonly conflateMs: number;
  readonly subscriptionsMax: number;
  readonly bufferBytes: number;
  readonly onMessage: () => void;
  readonly onSnapshot: (reason: SnapshotReason) => void;
  /** An update that tells all changes behind `since` was handed over. */
  readonly onUpdate: (since: number) => void;
  readonly onClosed: (client: HubClient) => void;
}

/** Beside what waits already, a client is sent at most this many times its buffer in one update; else a snapshot. */
const updateShare = 3;
/** Updates of one interval fall on so many moments, so that clients with the same channels share what they are sent. */
const phases = 8;

/**
 * One client. It knows up to which change it has been told, and nothing of the changes themselves: what it costs does not
 * grow with what happens. It is `live`; or `stalled`, when it has not taken what was sent, until its outlet has drained and
 * a snapshot has told it the newest state; or `closed`.
 */
export class HubClient implements LiveClient {
  readonly #outlet: ClientOutlet;
  readonly #parts: ClientParts;
  readonly #feeds = new Map<string, OpenFeed>();
  #audience: Audience;
  #state: 'live' | 'stalled' | 'closed' = 'live';
  #told: number;
  #seq = 0;
  #conflateMs: number;
  #dueAtMs = -Infinity;

  constructor(outlet: ClientOutlet, parts: ClientParts) {
    this.#outlet = outlet;
    this.#parts = parts;
    this.#conflateMs = parts.conflateMs;
    this.#told = parts.changes.last;
    this.#audience = parts.audiences.use([]);
  }

  get subscriptions(): number {
    return this.#feeds.size;
  }

  /** The last change that it has been told, or does not ask for; Infinity while it gets nothing. */
  get toldUntil(): number {
    return this.#state === 'live' && this.#feeds.size > 0 ? this.#told : Infinity;
  }

  /** When it may be sent the next update: -Infinity says with the next change; Infinity: it can be told nothing now. */
  get dueAtMs(): number {
    return this.#state === 'live' && this.#feeds.size > 0 ? this.#dueAtMs : Infinity;
  }

  subscribe(id: number, channels: readonly Channel[]): void {
    if (this.#state === 'closed') return;
    const refusal = refusalOf(channels, this.#parts.names) ?? this.#refusalOfCount(channels);
    if (refusal !== null) return this.#refuse(id, refusal);
    this.#update(this.#parts.nowMs()); // What is new starts at now, so everything else must have been told up to now.
    const added: OpenFeed[] = [];
    for (const channel of channels) {
      if (this.#feeds.has(keyOf(channel))) continue;
      const open = this.#parts.book.use(channel);
      this.#feeds.set(open.key, open);
      added.push(open);
    }
    this.#regroup();
    this.#answer({ type: 'subscribed', id, subscriptions: this.subscriptions });
    this.#snapshot(inOrder(added), 'subscribe');
  }

  unsubscribe(id: number, channels: readonly Channel[]): void {
    if (this.#state === 'closed') return;
    for (const channel of channels) {
      const open = this.#feeds.get(keyOf(channel));
      if (open === undefined) continue;
      this.#feeds.delete(open.key);
      this.#parts.book.leave(open);
    }
    this.#regroup();
    this.#answer({ type: 'unsubscribed', id, subscriptions: this.subscriptions });
  }

  conflate(id: number, ms: number): void {
    if (this.#state === 'closed') return;
    if (!Number.isInteger(ms) || ms < 0 || ms > conflateMsMax) {
      const message = `The time between two updates is a whole number of ms from 0 to ${conflateMsMax}.`;
      return this.#refuse(id, { code: 'conflate-invalid', field: 'ms', message });
    }
    this.#conflateMs = ms;
    this.#dueAtMs = -Infinity;
    this.#answer({ type: 'conflated', id, subscriptions: this.subscriptions });
  }

  resync(): void {
    if (this.#state !== 'closed') this.#snapshotOfAll('resync');
  }

  drained(): void {
    if (this.#state !== 'stalled' || this.#outlet.bufferedBytes > this.#parts.bufferBytes) return;
    this.#state = 'live';
    this.#snapshotOfAll('slow');
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const open of this.#feeds.values()) this.#parts.book.leave(open);
    this.#feeds.clear();
    this.#parts.audiences.leave(this.#audience);
    this.#parts.onClosed(this);
  }

  /** Sends what has changed, unless that is not due; how many bytes that was. Between two batches. */
  turn(nowMs: number): number {
    if (this.#state !== 'live' || nowMs < this.#dueAtMs) return 0;
    const bytes = this.#update(nowMs);
    if (bytes === 0) this.#dueAtMs = -Infinity; // There was nothing to say: the next change goes out at once.
    return bytes;
  }

  #update(nowMs: number): number {
    const { changes, bufferBytes, onUpdate } = this.#parts;
    const since = this.#told;
    if (changes.last === since || this.#feeds.size === 0) return 0;
    const { body, isForgotten } = this.#audience.newsSince(since);
    this.#told = changes.last;
    if (body === null && !isForgotten) return 0;
    this.#dueAtMs = this.#nextDueMs(nowMs);
    if (body === null || isForgotten || body.length > updateShare * bufferBytes) {
      return this.#snapshotOfAll('slow');
    }
    if (!this.#hasRoom()) return 0;
    const bytes = this.#send('update', body);
    onUpdate(since);
    return bytes;
  }

  /** On the beat of its interval; behind the last update by the interval at least. */
  #nextDueMs(nowMs: number): number {
    const interval = this.#conflateMs;
    if (interval === 0) return -Infinity;
    const onBeat = this.#dueAtMs + interval;
    if (onBeat > nowMs) return onBeat;
    const step = interval / phases;
    return Math.ceil((nowMs + interval) / step) * step;
  }

  #snapshotOfAll(reason: SnapshotReason): number {
    this.#told = this.#parts.changes.last;
    return this.#snapshot(this.#audience.feeds, reason);
  }

  #snapshot(feeds: readonly OpenFeed[], reason: SnapshotReason): number {
    if (!this.#hasRoom()) return 0;
    const { writer, onSnapshot } = this.#parts;
    if (reason === 'slow') this.#seq++; // It has missed what lay between, and sees that by the hole.
    writer.start();
    for (const { feed } of feeds) feed.writeSnapshot(writer);
    const bytes = this.#send('snapshot', writer.finish());
    onSnapshot(reason);
    return bytes;
  }

  /** Otherwise it is stalled: it will be told everything once it has drained. */
  #hasRoom(): boolean {
    if (this.#state === 'live' && this.#outlet.bufferedBytes > this.#parts.bufferBytes) this.#state = 'stalled';
    return this.#state === 'live';
  }

  #regroup(): void {
    const { audiences } = this.#parts;
    const before = this.#audience;
    this.#audience = audiences.use(this.#feeds.values());
    audiences.leave(before);
    if (this.#feeds.size === 0) this.#told = this.#parts.changes.last;
  }

  #refusalOfCount(channels: readonly Channel[]): Refusal | null {
    const { subscriptionsMax } = this.#parts;
    const all = new Set([...this.#feeds.keys(), ...channels.map(keyOf)]);
    if (all.size <= subscriptionsMax) return null;
    const message =
      `A client may be subscribed to ${subscriptionsMax} channels (stream.subscriptions_max); these would be ${all.size}.`;
    return { code: 'subscriptions-max', field: 'channels', message };
  }

  #refuse(id: number, { code, field, message }: Refusal): void {
    this.#answer({ type: 'refused', id, code, field, message });
  }

  #answer(message: ServerMessage): void {
    this.#parts.onMessage();
    this.#outlet.send(Buffer.from(JSON.stringify(message)));
  }

  /** Only the head is the client's own. */
  #send(type: 'snapshot' | 'update', body: Buffer | null): number {
    const head = `{"type":"${type}","seq":${++this.#seq},"now_ms":${this.#parts.nowMs()},"changes":{`;
    const message = Buffer.allocUnsafe(head.length + (body?.length ?? 0) + 2);
    message.write(head, 0, 'latin1');
    if (body !== null) message.set(body, head.length);
    message.write('}}', message.length - 2, 'latin1');
    this.#parts.onMessage();
    this.#outlet.send(message);
    return message.length;
  }
}
