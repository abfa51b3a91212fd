import { createContext, useContext, useEffect, useSyncExternalStore } from 'react';
import type { Channel } from '../model/stream.ts';
import { Api } from './api.ts';
import { LiveStore } from './live-store.ts';
import { rootUrl } from './places.ts';
import { openSocket } from './socket.ts';
import type { Key } from './stream-keys.ts';
import { StreamClient } from './stream.ts';
import type { StreamState } from './stream.ts';

/*
 * What all of the page shares: the key, the API, the stream and what it has said. There is one for the life of the page.
 */

export interface Session {
  readonly api: Api;
  readonly stream: StreamClient;
  readonly live: LiveStore;
  readonly key: KeyHolder;
}

const keyStorage = 'mdp-key';

/** The API key, for as long as the window is open: it is written nowhere that outlives it. */
export class KeyHolder {
  readonly #listeners = new Set<() => void>();
  #wanted = false;

  get value(): string | null {
    return sessionStorage.getItem(keyStorage);
  }

  /** Whether the server has asked for one and what we had was not right. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  want(): void {
    this.#wanted = true;
    this.#tell();
  }

  set(key: string): void {
    sessionStorage.setItem(keyStorage, key);
    this.#wanted = false;
    this.#tell();
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** With the next frame, or within a second where the window is not shown and has no frames. */
function nextFrame(call: () => void): void {
  if (document.hidden) setTimeout(call, 1_000);
  else requestAnimationFrame(call);
}

const streamListeners = new Set<() => void>();

export function openSession(): Session {
  const key = new KeyHolder();
  const api = new Api(rootUrl, () => key.value, { locked: () => key.want() });
  const live = new LiveStore(nextFrame);
  const stream = new StreamClient({
    open: (events) => openSocket(api, events),
    nowMs: () => Date.now(),
    later: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  }, {
    changed: (changes) => live.take(changes),
    stateChanged: () => { for (const listener of streamListeners) listener(); },
  });
  addEventListener('online', () => stream.unlock());
  key.listen(() => { if (!key.isWanted) stream.unlock(); });
  stream.start();
  return { api, stream, live, key };
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('This part of the page stands outside of its session.');
  return session;
}

function listenToStream(listener: () => void): () => void {
  streamListeners.add(listener);
  return () => streamListeners.delete(listener);
}

export function useStreamState(): StreamState {
  const { stream } = useSession();
  return useSyncExternalStore(listenToStream, () => stream.state);
}

/** Grows whenever something may have been missed: whoever holds what was stored asks for it again. */
export function useFreshness(): number {
  const { stream } = useSession();
  return useSyncExternalStore(listenToStream, () => stream.freshness);
}

export function useKeyWanted(): boolean {
  const { key } = useSession();
  return useSyncExternalStore(key.listen, () => key.isWanted);
}

/** Is subscribed to these channels while it is shown. The list must be the same one from render to render. */
export function useChannels(channels: readonly Channel[]): void {
  const { stream } = useSession();
  useEffect(() => stream.subscribe(channels), [stream, channels]);
}

/** The newest item of a key of stream-keys.ts. Renders again when it changed, at most once a frame. */
export function useLatest<T>(key: Key<T>): T | undefined {
  const { live } = useSession();
  return useSyncExternalStore((listener) => live.listen(key, listener), () => live.latest(key));
}
