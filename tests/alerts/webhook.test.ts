import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Webhook, type WebhookSettings } from '../../src/alerts/webhook.ts';
import { systemClock } from '../../src/lifecycle.ts';
import type { StoredAlert } from '../../src/model/alert-store.ts';
import { eventually } from '../support/eventually.ts';
import { isSigned, secret, WebhookReceiver } from './webhook-receiver.ts';

const never = new AbortController().signal;
const alert: StoredAlert = {
  ruleId: '11111111-1111-4111-8111-111111111111', ruleVersion: 2, venue: 'v', symbol: 'Ünö', barSpec: '1m', condition: 'price_above',
  threshold: 0.2, indicator: null, openTimeMs: 60_000, closeTimeMs: 120_000, barIndex: 0, state: 'triggered', value: 0.25,
  barState: 3, changedMs: 130_000, notifiedMs: null,
};

describe('a webhook', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => { receiver = await WebhookReceiver.open(); });
  afterEach(() => receiver.close());

  const webhookOf = (settings: Partial<WebhookSettings> = {}): Webhook => new Webhook({
    rules_max: 1, webhook_url: receiver.url, webhook_secret: secret, webhook_timeout_ms: 5_000, allow_private_addresses: true, ...settings,
  }, systemClock);

  it('is told of an alert, signed with the time', async () => {
    expect(await webhookOf().call(alert, never)).toEqual({ kind: 'delivered' });
    const [call] = receiver.received;
    expect(isSigned(call)).toBe(true);
    expect(isSigned({ ...call, body: call.body.replace('0.25', '0.26') })).toBe(false);
    expect(isSigned({ ...call, headers: { ...call.headers, 'mdp-timestamp': '1' } })).toBe(false);
    expect(Math.abs(Number(call.headers['mdp-timestamp']) - systemClock.nowMs() / 1_000)).toBeLessThan(60);
    expect(call.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'mdp-delivery': '11111111-1111-4111-8111-111111111111.2.60000.0/triggered',
    });
    expect(JSON.parse(call.body)).toEqual({
      id: '11111111-1111-4111-8111-111111111111.2.60000.0', state: 'triggered', words: 'price of Ünö above 0.2 (1m)',
      rule_id: alert.ruleId, rule_version: 2, venue: 'v', symbol: 'Ünö', spec: '1m', condition: 'price_above', threshold: 0.2,
      indicator: null, value: 0.25, open_time: '1970-01-01T00:01:00.000Z', close_time: '1970-01-01T00:02:00.000Z',
      changed_at: '1970-01-01T00:02:10.000Z',
    });
  });

  it.each([204, 299])('that answers %d has taken it', async (status) => {
    receiver.answer = () => status;
    expect(await webhookOf().call(alert, never)).toEqual({ kind: 'delivered' });
  });

  it.each([400, 404, 500, 503])('that answers %d has not', async (status) => {
    receiver.answer = () => status;
    expect(await webhookOf().call(alert, never)).toEqual({ kind: 'failed', message: `The webhook answered with status ${status}.` });
  });

  it('is not followed elsewhere', async () => {
    receiver.answer = () => ({ location: receiver.url });
    expect(await webhookOf().call(alert, never)).toMatchObject({ kind: 'failed' });
    expect(receiver.received).toHaveLength(1);
  });

  it('has its time to answer, and no more', async () => {
    receiver.answer = () => 'nothing';
    expect(await webhookOf({ webhook_timeout_ms: 200 }).call(alert, never)).toEqual(
      { kind: 'failed', message: 'The webhook could not be called: It did not answer within 200 ms.' });
  });

  it('is let go of when the program ends', async () => {
    receiver.answer = () => 'nothing';
    const ended = new AbortController();
    const calling = webhookOf({ webhook_timeout_ms: 60_000 }).call(alert, ended.signal);
    await eventually(() => receiver.received.length === 1);
    ended.abort();
    expect(await calling).toMatchObject({ kind: 'failed' });
  });

  it('that is not there has not taken it', async () => {
    const gone = webhookOf();
    await receiver.close();
    expect(await gone.call(alert, never)).toMatchObject({ kind: 'failed' });
    receiver = await WebhookReceiver.open();
  });

  it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'])(
    'at %s, which is this machine, is not called unless that is allowed', async (host) => {
      const strict = webhookOf({ webhook_url: `http://${host}:${receiver.port}/`, allow_private_addresses: false });
      const refused = await strict.call(alert, never);
      expect(refused).toMatchObject({ kind: 'refused', message: expect.stringContaining('alerts.allow_private_addresses') });
      expect(receiver.received).toEqual([]);
    });
});
