import { alertWords } from '../model/alert.ts';
import type { StoredAlert } from '../model/alert-store.ts';
import type { Clock } from '../model/clock.ts';
import type { StreamAlert } from '../model/stream.ts';
import { alertIdOf } from './alert-id.ts';

/** How late what was committed is shown. */
const lookEveryMs = 1_000;

export interface AlertBookParts {
  /** Alerts that came to their state lately, the oldest change first: at least as far back as a commit may take. */
  readonly recent: (abort: AbortSignal) => Promise<readonly StoredAlert[]>;
  /** Whether anybody listens: else nothing is read. */
  readonly isWanted: () => boolean;
  readonly publish: (alerts: readonly StreamAlert[]) => void;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Tells who listens what rules have come to, once it is committed, from whatever process it came. A transaction shows its
 * rows when it ends and stamps them when it begins: so a stretch of time is read each time, and what was seen is left out.
 */
export class AlertBook {
  readonly #parts: AlertBookParts;
  /** State by alert, of the last look; null before the first, which tells nothing: it is what was there. */
  #seen: ReadonlyMap<string, string> | null = null;

  constructor(parts: AlertBookParts) {
    this.#parts = parts;
  }

  /** Every second, until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    const { clock, isWanted, onFailure } = this.#parts;
    while (!abort.aborted) {
      await clock.wait(lookEveryMs, abort);
      if (abort.aborted) return;
      if (!isWanted()) this.#seen = null;
      else await this.look(abort).catch((error: unknown) => { if (!abort.aborted) onFailure(error); });
    }
  }

  async look(abort: AbortSignal): Promise<void> {
    const { recent, publish } = this.#parts;
    const alerts = await recent(abort);
    const before = this.#seen;
    this.#seen = new Map(alerts.map((alert) => [alertIdOf(alert), markOf(alert)]));
    const news = before === null ? [] : alerts.filter((alert) => before.get(alertIdOf(alert)) !== markOf(alert));
    if (news.length > 0) publish(news.map(streamAlertOf));
  }
}

function markOf({ state, changedMs }: StoredAlert): string {
  return `${state} ${changedMs}`;
}

export function streamAlertOf(alert: StoredAlert): StreamAlert {
  const { venue, symbol, barSpec: spec, state, value } = alert;
  return {
    id: alertIdOf(alert), rule_id: alert.ruleId, venue, symbol, spec, open_ms: alert.openTimeMs, event_ms: alert.closeTimeMs,
    state, value, words: alertWords(alert),
  };
}
