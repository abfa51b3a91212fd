import { useEffect, useRef } from 'react';
import { useFreshness, useSession, useStreamState } from './session.tsx';

/** Whoever holds what was stored. */
export interface CatchesUp {
  /** Something may have been missed between these times of the server's clock. */
  catchUp(fromMs: number, untilMs: number): Promise<void>;
}

/** When the stream is back, or has left something out, what may be missing is fetched. */
export function useCatchUp(feed: { readonly current: CatchesUp | null }): void {
  const { stream } = useSession();
  const freshness = useFreshness();
  const state = useStreamState();
  const lost = useRef<{ fromMs: number; freshness: number }>({ fromMs: 0, freshness });
  if (state.name === 'waiting') lost.current.fromMs = state.lostMs;
  useEffect(() => {
    if (lost.current.freshness === freshness) return;
    const nowMs = stream.serverNowMs();
    const fromMs = lost.current.fromMs === 0 ? nowMs : lost.current.fromMs;
    lost.current = { fromMs: 0, freshness };
    void feed.current?.catchUp(fromMs, nowMs);
  }, [feed, stream, freshness]);
}
