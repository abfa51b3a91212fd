import type { Changes } from '../model/stream.ts';
import {
  alertsKey, barKey, gapsKey, healthKey, quoteKey, quotesKey, skippedTradesKey, tradeKey, valueKey,
} from './stream-keys.ts';
import type { Key } from './stream-keys.ts';

/*
 * What the stream has said, by key. Messages come whenever they come; what is shown changes once a frame: `publish` puts
 * all that came since into place and wakes only those who look at a key that changed.
 */

/** Of one key and frame. A frame is 16 ms; a window in the background has a second. Older ones are left out. */
const itemsMax = 2_000;

export class LiveStore {
  readonly #schedule: (publish: () => void) => void;
  readonly #latest = new Map<string, unknown>();
  readonly #listeners = new Map<string, Set<(items: readonly unknown[]) => void>>();
  #pending = new Map<string, unknown[]>();
  #scheduled = false;

  /** `schedule` calls what it is given once, with the next frame. */
  constructor(schedule: (publish: () => void) => void) {
    this.#schedule = schedule;
  }

  take(changes: Changes): void {
    for (const bar of changes.bars ?? []) this.#add(barKey(bar), bar);
    for (const value of changes.values ?? []) this.#add(valueKey(value), value);
    for (const quote of changes.quotes ?? []) {
      this.#add(quoteKey(quote), quote);
      this.#add(quotesKey, quote);
    }
    for (const trade of changes.trades ?? []) this.#add(tradeKey(trade), trade);
    if (changes.trades_skipped !== undefined) this.#add(skippedTradesKey, changes.trades_skipped);
    for (const gap of changes.gaps ?? []) this.#add(gapsKey, gap);
    for (const alert of changes.alerts ?? []) this.#add(alertsKey, alert);
    if (changes.health !== undefined) this.#add(healthKey, changes.health);
    if (this.#scheduled || this.#pending.size === 0) return;
    this.#scheduled = true;
    this.#schedule(() => this.publish());
  }

  #add(key: string, item: unknown): void {
    const items = this.#pending.get(key);
    if (items === undefined) this.#pending.set(key, [item]);
    else if (items.push(item) > itemsMax) items.splice(0, itemsMax / 2);
  }

  publish(): void {
    this.#scheduled = false;
    const taken = this.#pending;
    this.#pending = new Map();
    // First all of them: who is woken may look at other keys too.
    for (const [key, items] of taken) this.#latest.set(key, items.at(-1));
    for (const [key, items] of taken) {
      for (const listener of this.#listeners.get(key) ?? []) listener(items);
    }
  }

  /** The newest item of a key; the same object until another one came. */
  latest<T>(key: Key<T>): T | undefined {
    return this.#latest.get(key) as T | undefined;
  }

  /** Called with every item of the key, oldest first, once a frame. Returns what ends it. */
  listen<T>(key: Key<T>, listener: (items: readonly T[]) => void): () => void {
    const heard = (items: readonly unknown[]): void => listener(items as readonly T[]);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(heard));
    return () => {
      listeners.delete(heard);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }
}
