import { afterEach, describe, expect, it } from 'vitest';
import type { ServerMessage, StreamAlert } from '../../src/model/stream.ts';
import { isSigned, secret, WebhookReceiver } from '../alerts/webhook-receiver.ts';
import { TestSocket } from '../server/stream/stream-rig.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { jsonOf } from '../support/json.ts';

const configOf = (receiver: WebhookReceiver): string => JSON.stringify({
  name: 'alerted',
  sources: [{
    name: 'demo', type: 'synthetic', symbols: 1, ticks_per_second: 100, speed: '1', seed: 5, disorder_share: 0.2, disorder_ms: 50,
    late_share: 0.3, late_ms: 3_000,
  }],
  bars: { specs: ['1s'], out_of_orderness_ms: 100, allowed_lateness_ms: 5_000, idle_ms: 60_000 },
  indicators: { specs: ['sma(2)@1s'] },
  alerts: { webhook_url: receiver.url, webhook_secret: secret, allow_private_addresses: true },
});
const series = { venue: 'synthetic', symbol: 'SYN001', spec: '1s' };

type Told = Extract<ServerMessage, { type: 'snapshot' | 'update' }>;
const isTold = (message: ServerMessage): message is Told => message.type === 'snapshot' || message.type === 'update';

describe('an alert of a daemon', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  it('goes from a rule to who listens, to the webhook and into the history, and its withdrawal after it', async () => {
    const receiver = await WebhookReceiver.open();
    closing.push(() => receiver.close());
    const daemon = new DaemonProcess({ config: configOf(receiver) });
    closing.push(() => daemon.stop());
    const url = await daemon.ready();
    const client = await TestSocket.open(url);
    closing.push(() => client.end());
    client.say({ type: 'subscribe', id: 1, channels: [{ channel: 'alerts' }] });
    const post = (body: object): Promise<Response> => fetch(`${url}/api/alerts`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const crossing = await post({ ...series, condition: 'crosses_indicator', indicator: 'sma(2)' });
    expect(crossing.status).toBe(201);
    const rule: { id: string } = await jsonOf(crossing);

    const told = (): StreamAlert[] => client.heard.filter(isTold).flatMap(({ changes }) => changes.alerts ?? []);
    await eventually(() => told().some(({ state }) => state === 'withdrawn'), 60_000);
    expect(told()[0]).toMatchObject({ ...series, rule_id: rule.id, words: 'price of SYN001 crosses sma(2) (1s)' });
    const withdrawn = told().find(({ state }) => state === 'withdrawn')!;
    await eventually(() => receiver.received.some(({ body }) => body.includes(`"id":"${withdrawn.id}","state":"withdrawn"`)));
    expect(receiver.received.every((call) => isSigned(call))).toBe(true);
    const { alerts } = await jsonOf(await fetch(`${url}/api/alerts/${rule.id}/history?limit=1000`));
    expect(alerts).toContainEqual(expect.objectContaining({ id: withdrawn.id, rule_id: rule.id, rule_version: 1 }));
    const { rules: [listed] } = await jsonOf(await fetch(`${url}/api/alerts`));
    expect(Date.parse(listed.valid_from)).toBeGreaterThan(0);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/mdp_alerts_total\{state="withdrawn",.*\} [1-9]/);
    expect(metrics).toMatch(/mdp_alert_rules\{.*\} 1/);
    expect(metrics).toMatch(/mdp_webhook_deliveries_total\{outcome="delivered",.*\} [1-9]/);
    expect(metrics).toMatch(/mdp_ledger_imbalance\{ledger="rows",.*\} 0/);

    expect((await fetch(`${url}/api/alerts/${rule.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await jsonOf(await fetch(`${url}/api/alerts`))).toMatchObject({ rules: [] });
  }, 90_000);
});
