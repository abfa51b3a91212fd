import { afterEach, beforeEach, expect, it } from 'vitest';
import { Deliveries, type DeliveryOutcome } from '../../src/alerts/deliveries.ts';
import { Webhook } from '../../src/alerts/webhook.ts';
import { systemClock } from '../../src/lifecycle.ts';
import type { Database } from '../../src/postgres.ts';
import { alertDelivered, claimAlerts, postponeAlert } from '../../src/store/alert-deliveries.ts';
import { createAlertStore } from '../../src/store/alerts.ts';
import { newRule, storeAlerts, uuidOf } from '../store/alert-rows.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { isSigned, secret, WebhookReceiver } from './webhook-receiver.ts';

const limit = { deadlineMs: 30_000 };
const never = new AbortController().signal;

describeOnEachServer('alerts for a webhook', (server) => {
  let database: Database;
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    database = await server.migratedDatabase();
    receiver = await WebhookReceiver.open();
    await createAlertStore(database, 30_000).create(newRule(), never);
  });
  afterEach(() => receiver.close());

  /** As a process has it. */
  function deliveriesOf(outcomes: DeliveryOutcome[] = [], isAllowed = true): Deliveries {
    const settings = {
      rules_max: 1, webhook_url: receiver.url, webhook_secret: secret, webhook_timeout_ms: 5_000, allow_private_addresses: isAllowed,
    };
    return new Deliveries({
      webhook: new Webhook(settings, systemClock), timeoutMs: 5_000, random: () => 0,
      store: {
        claim: (asked) => claimAlerts(database, limit, asked),
        delivered: (alert) => alertDelivered(database, limit, alert),
        postpone: (alert, waitMs) => postponeAlert(database, limit, alert, waitMs),
      },
      onOutcome: (outcome) => outcomes.push(outcome),
    });
  }

  const states = (): string[] => receiver.received.map(({ body }) => JSON.parse(body) as { state: string; open_time: string })
    .map(({ state, open_time: at }) => `${state} ${at.slice(14, 16)}`);

  it('go out once, whatever the number of processes', async () => {
    await storeAlerts(database, Array.from({ length: 30 }, (_, minute) => ({ minute })));
    await Promise.all([deliveriesOf(), deliveriesOf(), deliveriesOf()].map((one) => one.look(never)));
    await deliveriesOf().look(never);
    expect(receiver.received.every((call) => isSigned(call))).toBe(true);
    expect(states().sort()).toEqual(Array.from({ length: 30 }, (_, minute) => `triggered ${String(minute).padStart(2, '0')}`));
    const { rows: [{ count }] } = await database.query<{ count: number }>(limit, 'SELECT count(notified_at) FROM alerts');
    expect(count).toBe(30);
  });

  it('are told again when they come to another state, and not when they come to the same', async () => {
    await storeAlerts(database, [{ minute: 1 }]);
    await deliveriesOf().look(never);
    await database.query(limit, 'UPDATE alerts SET position = 99, changed_at = now()');
    await deliveriesOf().look(never);
    await database.query(limit, 'UPDATE alerts SET state = 2, changed_at = now(), deliver_after = now()');
    await deliveriesOf().look(never);
    expect(states()).toEqual(['triggered 01', 'withdrawn 01']);
  });

  it('are tried again after a fault of the receiver, ten times at most', async () => {
    receiver.answer = (call) => (call < 2 ? 500 : 200);
    await storeAlerts(database, [{ minute: 1 }]);
    const outcomes: DeliveryOutcome[] = [];
    const deliveries = deliveriesOf(outcomes);
    for (let round = 0; round < 4; round++) await deliveries.look(never);
    expect(outcomes).toEqual(['failed', 'failed', 'delivered']);
    receiver.answer = () => 503;
    await storeAlerts(database, [{ minute: 2 }]);
    for (let round = 0; round < 12; round++) await deliveries.look(never);
    expect(outcomes.slice(3)).toEqual([...Array.from({ length: 9 }, () => 'failed'), 'given-up']);
    expect(deliveries.counts).toEqual({ delivered: 1, failed: 11, refused: 0, 'given-up': 1 });
  });

  it('are given up where the address must not be called', async () => {
    await storeAlerts(database, [{ minute: 1 }]);
    const outcomes: DeliveryOutcome[] = [];
    const deliveries = deliveriesOf(outcomes, false);
    await deliveries.look(never);
    await deliveries.look(never);
    expect(outcomes).toEqual(['refused']);
    expect(receiver.received).toEqual([]);
  });

  it('of muted rules call nobody, not even later; nor do those of long ago, nor what was never met', async () => {
    const store = createAlertStore(database, 30_000);
    await store.create(newRule({ id: uuidOf(2), muted: true }), never);
    await storeAlerts(database, [{ rule: 2, minute: 1 }, { minute: 2 }, { minute: 3, state: 0 }]);
    await database.query(limit, "UPDATE alerts SET changed_at = now() - interval '2 hours' WHERE rule_id = $1::uuid", [uuidOf(1)]);
    await deliveriesOf().look(never);
    const muted = await store.find(uuidOf(2), never);
    await store.change({ id: uuidOf(2), version: 1, next: { ...muted!, muted: false }, nowMs: 1 }, never);
    await deliveriesOf().look(never);
    expect(receiver.received).toEqual([]);
  });

  it('that a process has claimed and left are taken by another one when the claim is over', async () => {
    await storeAlerts(database, [{ minute: 1 }]);
    expect(await claimAlerts(database, limit, { rowsMax: 5, leaseMs: 60_000 })).toHaveLength(1);
    await deliveriesOf().look(never);
    expect(receiver.received).toEqual([]);
    await database.query(limit, 'UPDATE alerts SET deliver_after = now()');
    await deliveriesOf().look(never);
    expect(states()).toEqual(['triggered 01']);
  });
});
