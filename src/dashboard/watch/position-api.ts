import { useSyncExternalStore } from 'react';
import type { Api } from '../api.ts';

/* /api/positions as the page knows it. */

export interface PositionTerms {
  readonly venue: string;
  readonly symbol: string;
  /** Less than 0 where it was sold short; never 0. */
  readonly size: number;
  readonly entry_price: number;
  readonly note: string;
}

export interface ApiPosition extends PositionTerms {
  readonly id: string;
  readonly entry_time: string;
  readonly revision: number;
}

const listeners = new Set<() => void>();
let turn = 0;

/** Another number after each change that was made here: whoever shows positions asks again. */
export function usePositionsTurn(): number {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => turn);
}

async function changing<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } finally {
    turn++;
    for (const listener of listeners) listener();
  }
}

export async function listPositions(api: Api, signal?: AbortSignal): Promise<readonly ApiPosition[]> {
  return (await api.ask<{ readonly positions: readonly ApiPosition[] }>('api/positions', { signal })).positions;
}

/** `id` is the page's own, so that asking twice makes one. */
export function createPosition(api: Api, body: PositionTerms & { readonly id: string }): Promise<ApiPosition> {
  return changing(api.ask<ApiPosition>('api/positions', { method: 'POST', body }));
}

/** Refused where somebody has changed it since `revision`. */
export function changePosition(
  api: Api, id: string, changed: Partial<PositionTerms> & { readonly revision: number },
): Promise<ApiPosition> {
  return changing(api.ask<ApiPosition>(`api/positions/${id}`, { method: 'PATCH', body: changed }));
}

export async function removePosition(api: Api, id: string): Promise<void> {
  await changing(api.ask(`api/positions/${id}`, { method: 'DELETE' }));
}
