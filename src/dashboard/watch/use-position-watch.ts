import { useAsked } from '../asked.ts';
import { useSetBadge } from '../badges.ts';
import { useSession } from '../session.tsx';
import { listPositions, usePositionsTurn } from './position-api.ts';

/** The count of open positions beside the name of their tab, whatever tab is shown. */
export function usePositionWatch(): void {
  const { api } = useSession();
  const { answer } = useAsked('positions', (signal) => listPositions(api, signal), usePositionsTurn());
  const count = answer?.length ?? 0;
  useSetBadge('portfolio', { count, words: count === 1 ? 'open position' : 'open positions', weight: 'number' });
}
