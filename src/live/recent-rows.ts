import type { BodyWriter, ListName } from './body-writer.ts';
import type { Changes } from './changes.ts';

/** An open time; with its place where several bars have one. */
type RowKey = number | string;

interface Entry {
  readonly of: FeedRows;
  readonly key: RowKey;
  readonly changedAt: number;
  readonly json: Buffer;
}

/** Beside its bytes a row has an entry, a place in a map and one in a list. */
const entryBytes = 200;

/**
 * Rows that some client may not have been told yet, in the order of their coming. Once every client has them they are let
 * go; when they become too many, the oldest are, and clients that lack them are behind.
 */
export class RecentRows {
  readonly #bytesMax: number;
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;

  /** `bytesMax`: of all rows together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.json.length + entryBytes;
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#takeOldest();
      oldest.of.forget(oldest);
    }
  }

  /** Every client has been told all changes up to this one. */
  toldUntil(change: number): void {
    while (this.#first < this.#entries.length && this.#entries[this.#first].changedAt <= change) {
      const oldest = this.#takeOldest();
      oldest.of.leave(oldest);
    }
  }

  #takeOldest(): Entry {
    const oldest = this.#entries[this.#first++];
    this.#bytes -= oldest.json.length + entryBytes;
    if (this.#first >= 1_024 && 2 * this.#first >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return oldest;
  }
}

/** The rows of one feed: those that some client may lack, the newest telling of each, and the newest of all. */
export class FeedRows {
  readonly #list: ListName;
  readonly #changes: Changes;
  readonly #recent: RecentRows;
  readonly #entries = new Map<RowKey, Entry>();
  /** The row that opens last. */
  #newest: { readonly openMs: number; readonly json: Buffer } | null = null;
  changedAt = 0;
  forgottenAt = 0;

  constructor(list: ListName, { changes, recent }: { readonly changes: Changes; readonly recent: RecentRows }) {
    this.#list = list;
    this.#changes = changes;
    this.#recent = recent;
  }

  /** Under the number of the newest change. */
  put(openMs: number, barIndex: number, json: Buffer): void {
    const key = barIndex === 0 ? openMs : `${openMs} ${barIndex}`;
    const entry = { of: this, key, changedAt: this.#changes.last, json };
    this.changedAt = entry.changedAt;
    if (this.#newest === null || openMs >= this.#newest.openMs) this.#newest = { openMs, json };
    this.#entries.delete(key); // So that they stand in the order of their changes.
    this.#entries.set(key, entry);
    this.#recent.add(entry);
  }

  writeSince(out: BodyWriter, since: number): void {
    if (this.changedAt <= since) return;
    for (const { changedAt, json } of this.#entries.values()) if (changedAt > since) out.item(this.#list, json);
  }

  writeNewest(out: BodyWriter): void {
    if (this.#newest !== null) out.item(this.#list, this.#newest.json);
  }

  /** Everybody has it. */
  leave(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /** There is no room for it any more: who has not been told it never will be. */
  forget(entry: Entry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    this.forgottenAt = Math.max(this.forgottenAt, entry.changedAt);
  }
}
