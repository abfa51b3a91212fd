import type { Clock } from '../model/clock.ts';
import type { SourceStatus } from '../model/status.ts';
import { inThousands } from '../model/thousands.ts';

export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** What is on its way to an end. */
export type Moving = Pick<SourceStatus, 'name' | 'share' | 'state' | 'items'>;

export interface MovingStatus {
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly sources: readonly Moving[];
}

const everyMs = 500;

/**
 * A line on a terminal that says how far each source with an end has come: share, ticks a second, time left. Elsewhere
 * nothing: a log is no place for it. The cursor waits at its beginning, so that what is logged next covers it.
 */
export async function showProgress(
  pipeline: { status(): MovingStatus }, to: { clock: Clock; stream: ProgressStream; until: AbortSignal },
): Promise<void> {
  if (to.stream.isTTY !== true) return;
  let before = pipeline.status();
  while (!to.until.aborted) {
    await to.clock.wait(everyMs, to.until);
    const now = pipeline.status();
    const lines = now.sources.flatMap((source, index) => progressLine(source, before.sources[index], {
      elapsedMs: now.nowMs - now.startedAtMs, intervalMs: now.nowMs - before.nowMs,
    }));
    if (lines.length > 0 && !to.until.aborted) to.stream.write(`\r\u001b[K${lines.join('   ')}\r`);
    before = now;
  }
  to.stream.write('\r\u001b[K');
}

/** `history  43.2 %  3,912,004 ticks/s  00:12 left`; nothing for a source whose end is not known. */
export function progressLine(
  source: Moving, before: Moving | undefined, time: { elapsedMs: number; intervalMs: number },
): string[] {
  if (source.share === null || source.state === 'ended') return [];
  const perSecond = time.intervalMs > 0 ? ((source.items - (before?.items ?? 0)) / time.intervalMs) * 1_000 : 0;
  const leftMs = source.share > 0 ? (time.elapsedMs / source.share) * (1 - source.share) : NaN;
  const share = `${(source.share * 100).toFixed(1)} %`;
  return [`${source.name}  ${share}  ${inThousands(Math.round(perSecond))} ticks/s  ${minutes(leftMs)} left`];
}

function minutes(ms: number): string {
  if (!Number.isFinite(ms)) return '--:--';
  const seconds = Math.round(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
