import { randomInt } from 'node:crypto';
import { AlertBook } from '../alerts/alert-book.ts';
import { Deliveries } from '../alerts/deliveries.ts';
import { RuleBook } from '../alerts/rule-book.ts';
import { Webhook } from '../alerts/webhook.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../model/clock.ts';
import type { StreamAlert } from '../model/stream.ts';
import type { Look, Rounds } from '../pacing/rounds.ts';
import { claimAlerts, alertDelivered, postponeAlert, recentAlerts } from '../store/alert-deliveries.ts';
import { beginRule, newestRuleChange, readRules } from '../store/alert-rules.ts';
import type { AlertCounts } from '../telemetry/metric.ts';
import type { Happenings } from '../telemetry/happenings.ts';
import type { OpenStore } from './store.ts';

export interface AlertParts {
  readonly config: Config;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly happenings: Pick<Happenings, 'lookFailed' | 'alertNotTold'>;
  /** Another process holds the lanes and calls the webhook; this one looks on. */
  readonly looksOn: boolean;
  readonly audience: AlertAudience;
  /** In which all of it is looked at. */
  readonly rounds: Rounds;
}

/** Who looks on while the daemon runs. */
export interface AlertAudience {
  /** Whether anybody listens. */
  isThere(): boolean;
  publishAlerts(alerts: readonly StreamAlert[]): void;
}

/** Rules for the lanes, alerts for those who look, calls of the webhook. */
export class Alerts {
  readonly rules: RuleBook;
  readonly #parts: AlertParts;
  readonly #deliveries: Deliveries | null;

  constructor(parts: AlertParts) {
    this.#parts = parts;
    const { config, store: { database }, looksOn, rounds } = parts;
    const limit = (abort: AbortSignal): { deadlineMs: number; abort: AbortSignal } => (
      { deadlineMs: config.store.statement_timeout_ms, abort });
    this.rules = new RuleBook({
      onBegun: () => rounds.soon(ruleLook),
      store: {
        newestChange: (abort) => newestRuleChange(database, limit(abort)),
        readAll: (abort) => readRules(database, limit(abort)),
        begin: (begun, abort) => beginRule(database, limit(abort), begun),
      },
    });
    this.#deliveries = looksOn || config.alerts.webhook_url === '' ? null : this.#createDeliveries(limit);
    const ruleLook = this.#lookAt(this.rules, 'The rules of alerts could not be read; those that were known hold on.');
    rounds.add(ruleLook);
    rounds.add(this.#lookAt(this.#createBook(), 'New alerts could not be read; the next look tries again.'));
    if (this.#deliveries === null) return;
    rounds.add(this.#lookAt(
      this.#deliveries, 'What the webhook is to be told could not be read; the next look tries again.'));
  }

  counts(): AlertCounts {
    return { rules: this.rules.count, deliveries: this.#deliveries?.counts ?? {} };
  }

  /** What lanes have begun last is written down, where the database answers; else the next start does it. */
  async close(): Promise<void> {
    await this.rules.look(new AbortController().signal).catch(() => {});
  }

  #createBook(): AlertBook {
    const { store, config, audience } = this.#parts;
    const deadlineMs = config.store.read_timeout_ms;
    // A commit may take as long as a write does; what it shows was stamped when it began.
    const spanMs = 2 * config.sink.deadline_ms;
    return new AlertBook({
      recent: (abort) => recentAlerts(store.readDatabase, { deadlineMs, abort }, spanMs),
      isWanted: () => audience.isThere(), publish: (alerts) => audience.publishAlerts(alerts),
    });
  }

  #createDeliveries(limit: (abort: AbortSignal) => { deadlineMs: number; abort: AbortSignal }): Deliveries {
    const { config: { alerts }, store: { database }, clock, happenings } = this.#parts;
    return new Deliveries({
      webhook: new Webhook(alerts, clock), timeoutMs: alerts.webhook_timeout_ms,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      store: {
        claim: (asked, abort) => claimAlerts(database, limit(abort), asked),
        delivered: (alert, abort) => alertDelivered(database, limit(abort), alert),
        postpone: (alert, waitMs, abort) => postponeAlert(database, limit(abort), alert, waitMs),
      },
      onOutcome: (outcome, { ruleId }, problem) => {
        if (outcome !== 'delivered') happenings.alertNotTold(outcome, { rule: ruleId, problem });
      },
    });
  }

  #lookAt(what: { look(abort: AbortSignal): Promise<void> }, failed: string): Look {
    return { look: (abort) => what.look(abort), onFailure: (error) => this.#parts.happenings.lookFailed(failed, error) };
  }
}
