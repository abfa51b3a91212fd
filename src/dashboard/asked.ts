import { useEffect, useEffectEvent, useState } from 'react';
import { ApiError } from './api.ts';
import type { ApiSymbol } from './api.ts';
import { useFreshness, useSession } from './session.tsx';
import { useEverySecond } from './ticker.ts';

/** What was asked of the server: nothing yet, an answer, or why there is none. The old one stays while it is asked again. */
export interface Asked<T> {
  readonly answer: T | null;
  /** In words that can be shown. */
  readonly fault: string | null;
  readonly isAsking: boolean;
}

/**
 * Asks once for each `key`, again when something may have been missed or `turn` is another number, and gives up what nobody
 * waits for any more. What is shown for one key is never shown for another.
 */
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, turn = 0): Asked<T> {
  const freshness = useFreshness();
  const [state, setState] = useState<Asked<T> & { readonly key: string }>(
    { key, answer: null, fault: null, isAsking: true });
  const asking = useEffectEvent(ask);
  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ key, answer: before.key === key ? before.answer : null, fault: null, isAsking: true }));
    asking(abort.signal).then(
      (answer) => { if (!abort.signal.aborted) setState({ key, answer, fault: null, isAsking: false }); },
      (error: unknown) => {
        if (!abort.signal.aborted) setState((before) => ({ ...before, fault: wordsOf(error), isAsking: false }));
      },
    );
    return () => abort.abort();
  }, [key, freshness, turn]);
  return state.key === key ? state : { answer: null, fault: null, isAsking: true };
}

/** What can be shown to a person. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return `Something in this page failed: ${error instanceof Error ? error.message : String(error)}`;
}

/** A new instrument, or the first bar of a longer spec, is there within so long. */
const symbolsEveryMs = 30_000;

/** Instruments that have bars, with their specs, by venue and symbol. */
export function useSymbols(): Asked<readonly ApiSymbol[]> {
  const { api } = useSession();
  const turn = useEverySecond((nowMs) => Math.floor(nowMs / symbolsEveryMs));
  return useAsked('symbols', (signal) => api.symbols(signal), turn);
}
