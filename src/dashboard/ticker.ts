import { useSyncExternalStore } from 'react';
import { useSession } from './session.tsx';
import type { Session } from './session.tsx';

/* Ages grow while nothing comes. One timer wakes all that show one; a part renders only when its own text is another. */

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => { for (const each of listeners) each(); }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** What `of` makes of the server's time, ms, looked at once a second. Give a text or number: equal ones render nothing. */
export function useEverySecond<T extends string | number>(of: (nowMs: number, session: Session) => T): T {
  const session = useSession();
  return useSyncExternalStore(listen, () => of(session.stream.serverNowMs(), session));
}
