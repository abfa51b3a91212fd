import type { StreamAlert, StreamGap, StreamHealth } from '../model/stream.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Changes } from './changes.ts';
import type { Feed } from './feed.ts';

/** Kept for clients that have not been told; a loss of all 5,000 symbols of a lane at once is one gap, as a rule. */
const itemsMax = 1_000;
/** Of those, in a snapshot: what came before is in the database. */
const snapshotItemsMax = 100;

/** Things that come one after the other and are not changed: gaps, and what alerts have come to. */
export class ListFeed implements Feed {
  readonly kind: 'gaps' | 'alerts';
  forgottenAt = 0;
  readonly #changes: Changes;
  #items: { readonly changedAt: number; readonly json: Buffer }[] = [];

  constructor(kind: 'gaps' | 'alerts', changes: Changes) {
    this.kind = kind;
    this.#changes = changes;
  }

  get changedAt(): number {
    return this.#items.at(-1)?.changedAt ?? 0;
  }

  /** Under the number of the newest change. */
  put(item: StreamGap | StreamAlert): void {
    this.#items.push({ changedAt: this.#changes.last, json: Buffer.from(JSON.stringify(item)) });
    if (this.#items.length > itemsMax) this.forgottenAt = this.#items.shift()!.changedAt;
  }

  writeSince(out: BodyWriter, since: number): void {
    if (this.changedAt <= since) return;
    for (const { changedAt, json } of this.#items) if (changedAt > since) out.item(this.kind, json);
  }

  writeSnapshot(out: BodyWriter): void {
    for (const { json } of this.#items.slice(-snapshotItemsMax)) out.item(this.kind, json);
  }
}

/** The newest word on how the pipeline is. */
export class HealthFeed implements Feed {
  readonly kind = 'health';
  readonly forgottenAt = 0;
  changedAt = 0;
  readonly #changes: Changes;
  #json: Buffer | null = null;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** Under the number of the newest change. */
  put(health: StreamHealth): void {
    this.changedAt = this.#changes.last;
    this.#json = Buffer.from(JSON.stringify(health));
  }

  writeSince(out: BodyWriter, since: number): void {
    if (this.#json !== null && this.changedAt > since) out.field('health', this.#json);
  }

  writeSnapshot(out: BodyWriter): void {
    this.writeSince(out, 0);
  }
}
