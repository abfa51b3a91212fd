import type { StoredAlert } from '../model/alert-store.ts';
import type { Caller, Delivery } from './webhook.ts';

export const deliveryOutcomes = ['delivered', 'failed', 'refused', 'given-up'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

export interface ClaimedAlert extends StoredAlert {
  /** This one included. */
  readonly attempts: number;
}

export interface DeliveryStore {
  /** Alerts and withdrawals that nobody was told of, for this process alone until `leaseMs` have passed. */
  claim(asked: { readonly rowsMax: number; readonly leaseMs: number }, abort: AbortSignal): Promise<readonly ClaimedAlert[]>;
  delivered(alert: StoredAlert, abort: AbortSignal): Promise<void>;
  /** Tried again after `waitMs`; never with Infinity. */
  postpone(alert: StoredAlert, waitMs: number, abort: AbortSignal): Promise<void>;
}

export interface DeliveriesParts {
  readonly store: DeliveryStore;
  readonly webhook: Caller;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onOutcome: (outcome: DeliveryOutcome, alert: StoredAlert, message: string) => void;
}

/** Each has its whole time in the lease of all of them: 4 · 60 s at most. */
const claimedMax = 4;
const attemptsMax = 10;
/** Pauses 1, 2, 4 … 256 s before jitter: the last attempt comes some 9 minutes after the first at most. */
const pauseMs = 1_000;

/**
 * Tells the webhook of alerts, from whatever process they came, each by one process: claimed in the database for the time
 * that the call may take, then marked. A process that dies in between leaves its claim to be taken after that time.
 */
export class Deliveries {
  readonly counts: Record<DeliveryOutcome, number> = { 'delivered': 0, 'failed': 0, 'refused': 0, 'given-up': 0 };
  readonly #parts: DeliveriesParts;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  /** Delivers what is due, until there is no more of it. */
  async look(abort: AbortSignal): Promise<void> {
    const { store, timeoutMs } = this.#parts;
    const leaseMs = claimedMax * timeoutMs + 30_000;
    for (;;) {
      const claimed = await store.claim({ rowsMax: claimedMax, leaseMs }, abort);
      await Promise.all(claimed.map((alert) => this.#deliver(alert, abort)));
      if (claimed.length < claimedMax || abort.aborted) return;
    }
  }

  async #deliver(alert: ClaimedAlert, abort: AbortSignal): Promise<void> {
    const delivery = await this.#parts.webhook.call(alert, abort);
    if (abort.aborted && delivery.kind !== 'delivered') return; // The claim passes; another process, or the next start.
    await this.#settle(alert, delivery, abort);
  }

  async #settle(alert: ClaimedAlert, delivery: Delivery, abort: AbortSignal): Promise<void> {
    const { store, random } = this.#parts;
    if (delivery.kind === 'delivered') {
      await store.delivered(alert, abort);
      return this.#count('delivered', alert, '');
    }
    const isLast = delivery.kind === 'refused' || alert.attempts >= attemptsMax;
    await store.postpone(alert, isLast ? Infinity : random() * pauseMs * 2 ** (alert.attempts - 1), abort);
    this.#count(delivery.kind === 'refused' ? 'refused' : isLast ? 'given-up' : 'failed', alert, delivery.message);
  }

  #count(outcome: DeliveryOutcome, alert: StoredAlert, message: string): void {
    this.counts[outcome]++;
    this.#parts.onOutcome(outcome, alert, message);
  }
}
