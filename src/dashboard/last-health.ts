import type { StreamHealth } from '../model/stream.ts';
import { timeText } from './format.ts';
import { usePreferences, zoneName } from './preferences.ts';
import { useLatest, useStreamState } from './session.tsx';
import { healthKey } from './stream-keys.ts';

export interface LastHealth {
  /** The newest verdict that has come; undefined before the first. */
  readonly health: StreamHealth | undefined;
  /** While the connection is lost: what was the case before. Of now nobody knows anything. */
  readonly lost: string | null;
}

export function useLastHealth(): LastHealth {
  const health = useLatest(healthKey);
  const state = useStreamState();
  const zone = zoneName(usePreferences());
  const lostMs = state.name === 'waiting' || state.name === 'connecting' ? state.lostMs : null;
  if (health === undefined || lostMs === null) return { health, lost: null };
  return { health, lost: `It was ${health.status} at ${timeText(lostMs, zone, 'time')}; what is shown is of then.` };
}
