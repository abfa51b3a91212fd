import { useRef } from 'react';
import type { PipelineStatus } from '../../../model/status.ts';
import { useAsked } from '../../asked.ts';
import { useSession } from '../../session.tsx';
import { useEverySecond } from '../../ticker.ts';

/** Ten questions a minute and page beside the stream: far below what a client may ask. */
const everyMs = 2_000;

export interface Looks {
  readonly now: PipelineStatus | null;
  /** The one before, for rates. */
  readonly before: PipelineStatus | null;
  readonly fault: string | null;
}

/** /api/status, every two seconds as long as the tab is shown. */
export function useStatus(): Looks {
  const { api } = useSession();
  const turn = useEverySecond((nowMs) => Math.floor(nowMs / everyMs));
  const { answer, fault } = useAsked('status', (signal) => api.ask<PipelineStatus>('api/status', { signal }), turn);
  const looks = useRef<{ now: PipelineStatus | null; before: PipelineStatus | null }>({ now: null, before: null });
  if (answer !== null && answer !== looks.current.now) looks.current = { now: answer, before: looks.current.now };
  return { ...looks.current, fault };
}
