import { alertWords } from '../model/alert.ts';
import type { StoredAlert } from '../model/alert-store.ts';
import type { StreamAlert } from '../model/stream.ts';
import { alertIdOf } from './alert-id.ts';

export interface AlertBookParts {
  /** Alerts that came to their state lately, the oldest change first: at least as far back as a commit may take. */
  readonly recent: (abort: AbortSignal) => Promise<readonly StoredAlert[]>;
  /** Whether anybody listens: else nothing is read. */
  readonly isWanted: () => boolean;
  readonly publish: (alerts: readonly StreamAlert[]) => void;
}

/**
 * Tells who listens what rules have come to, once it is committed, from whatever process it came. A transaction shows its
 * rows when it ends and stamps them when it begins: so a stretch of time is read each time, and what was seen is left out.
 */
export class AlertBook {
  readonly #parts: AlertBookParts;
  /** State by alert, of the last look; null before the first of a listener, which tells nothing: it is what was there. */
  #seen: ReadonlyMap<string, string> | null = null;

  constructor(parts: AlertBookParts) {
    this.#parts = parts;
  }

  /** In every round. */
  async look(abort: AbortSignal): Promise<void> {
    const { recent, isWanted, publish } = this.#parts;
    if (!isWanted()) {
      this.#seen = null;
      return;
    }
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
