import type { BodyWriter } from './body-writer.ts';
import type { Changes } from './changes.ts';
import { feedKinds } from './feed.ts';
import type { OpenFeed } from './feed-book.ts';

/** What has changed since a client was told last; or that it cannot be said any more. */
export interface News {
  /** The members of `changes` as JSON; null: nothing has changed. */
  readonly body: Buffer | null;
  readonly isForgotten: boolean;
}

/** The clients that are subscribed to the same channels: what one of them is to be told is made once for all. */
export class Audience {
  readonly key: string;
  readonly feeds: readonly OpenFeed[];
  users = 0;
  readonly #changes: Changes;
  readonly #writer: BodyWriter;
  readonly #news = new Map<number, News>();
  #newsAt = -1;

  constructor(key: string, feeds: readonly OpenFeed[], parts: { readonly changes: Changes; readonly writer: BodyWriter }) {
    this.key = key;
    this.feeds = feeds;
    this.#changes = parts.changes;
    this.#writer = parts.writer;
  }

  /** What has changed after the change `since`, up to now. */
  newsSince(since: number): News {
    if (this.#newsAt !== this.#changes.last) {
      this.#news.clear();
      this.#newsAt = this.#changes.last;
    }
    let news = this.#news.get(since);
    if (news === undefined) {
      news = this.#write(since);
      if (this.users > 1) this.#news.set(since, news);
    }
    return news;
  }

  #write(since: number): News {
    const writer = this.#writer;
    writer.start();
    let isForgotten = false;
    for (const { feed } of this.feeds) {
      if (feed.forgottenAt > since) isForgotten = true;
      if (feed.changedAt > since) feed.writeSince(writer, since);
    }
    return { body: writer.finish(), isForgotten };
  }
}

/** Every audience that there is, by its channels. */
export class Audiences {
  readonly #parts: { readonly changes: Changes; readonly writer: BodyWriter };
  readonly #byKey = new Map<string, Audience>();

  constructor(parts: { readonly changes: Changes; readonly writer: BodyWriter }) {
    this.#parts = parts;
  }

  /** The audience of these feeds: one user more. */
  use(feeds: Iterable<OpenFeed>): Audience {
    const ordered = inOrder(feeds);
    const key = ordered.map(({ number }) => number).join();
    let audience = this.#byKey.get(key);
    if (audience === undefined) {
      audience = new Audience(key, ordered, this.#parts);
      this.#byKey.set(key, audience);
    }
    audience.users++;
    return audience;
  }

  /** One user less. */
  leave(audience: Audience): void {
    if (--audience.users === 0) this.#byKey.delete(audience.key);
  }
}

/** As they stand in a message. */
export function inOrder(feeds: Iterable<OpenFeed>): OpenFeed[] {
  const place = ({ feed, number }: OpenFeed): [number, number] => [feedKinds.indexOf(feed.kind), number];
  return [...feeds].sort((a, b) => {
    const [[aKind, aNumber], [bKind, bNumber]] = [place(a), place(b)];
    return aKind - bKind || aNumber - bNumber;
  });
}
