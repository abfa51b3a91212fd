import { createHmac } from 'node:crypto';
import type { RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import { messageOf } from '../errors.ts';
import { alertWords } from '../model/alert.ts';
import type { StoredAlert } from '../model/alert-store.ts';
import type { Clock } from '../model/clock.ts';
import type { ValuesOf } from '../model/setting.ts';
import { alertIdOf } from './alert-id.ts';
import { AddressRefused, isPublicAddress, lookupPublic, refusalOf } from './public-address.ts';
import type { alertSettings } from './settings.ts';

export type WebhookSettings = ValuesOf<typeof alertSettings>;

/** `refused`: nobody was called, and nobody will be for this alert. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed' | 'refused'; readonly message: string };

/** One POST each; never rejects. */
export interface Caller {
  call(alert: StoredAlert, abort: AbortSignal): Promise<Delivery>;
}

/**
 * Calls the webhook. The body is signed with its time: `mdp-signature` is `v1=` and the HMAC-SHA256 of
 * `TIMESTAMP.BODY` in hex, TIMESTAMP being `mdp-timestamp`, seconds since 1970. `mdp-delivery` names alert and state: one
 * that comes twice is the same. Redirects are not followed, and of the answer only the status is read.
 */
export class Webhook implements Caller {
  readonly #settings: WebhookSettings;
  readonly #url: URL;
  readonly #clock: Clock;

  /** Of settings that have an address and a secret. */
  constructor(settings: WebhookSettings, clock: Clock) {
    this.#settings = settings;
    this.#url = new URL(settings.webhook_url);
    this.#clock = clock;
  }

  async call(alert: StoredAlert, abort: AbortSignal): Promise<Delivery> {
    const over = new AbortController();
    const answered = new AbortController();
    const onAbort = (): void => over.abort();
    abort.addEventListener('abort', onAbort);
    void this.#clock.wait(this.#settings.webhook_timeout_ms, answered.signal).then(onAbort);
    try {
      const status = await this.#post(alert, over.signal);
      if (status >= 200 && status < 300) return { kind: 'delivered' };
      return { kind: 'failed', message: `The webhook answered with status ${status}.` };
    } catch (error) {
      if (error instanceof AddressRefused) return { kind: 'refused', message: error.message };
      const message = over.signal.aborted && !abort.aborted
        ? `It did not answer within ${this.#settings.webhook_timeout_ms} ms.` : messageOf(error);
      return { kind: 'failed', message: `The webhook could not be called: ${message}` };
    } finally {
      abort.removeEventListener('abort', onAbort);
      answered.abort();
    }
  }

  #post(alert: StoredAlert, signal: AbortSignal): Promise<number> {
    const { allow_private_addresses: anyAddress, webhook_secret: secret } = this.#settings;
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    if (!anyAddress && isIP(host) !== 0 && !isPublicAddress(host)) throw refusalOf(host, host);
    const body = bodyOf(alert);
    const options: RequestOptions = {
      method: 'POST', agent: false, signal, ...(anyAddress ? {} : { lookup: lookupPublic }),
      headers: { ...headersOf(alert, { body, secret, nowMs: this.#clock.nowMs() }), connection: 'close' },
    };
    // Imported at the top it would load all that it exports, fetch and WebSocket with it: 40 ms of every start.
    const { request } = process.getBuiltinModule(this.#url.protocol === 'https:' ? 'node:https' : 'node:http');
    return new Promise((resolve, reject) => {
      const asked = request(this.#url, options, (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

function headersOf(
  alert: StoredAlert, { body, secret, nowMs }: { readonly body: string; readonly secret: string; readonly nowMs: number },
): Record<string, string | number> {
  const timestamp = Math.floor(nowMs / 1_000);
  return {
    'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'user-agent': 'mdp',
    'mdp-delivery': `${alertIdOf(alert)}/${alert.state}`, 'mdp-timestamp': timestamp,
    'mdp-signature': `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  };
}

/** The same at every attempt. */
function bodyOf(alert: StoredAlert): string {
  const { venue, symbol, barSpec: spec, condition, threshold, indicator, state, value } = alert;
  return JSON.stringify({
    id: alertIdOf(alert), state, words: alertWords(alert), rule_id: alert.ruleId,
    rule_version: alert.ruleVersion, venue, symbol, spec, condition, threshold, indicator, value,
    open_time: new Date(alert.openTimeMs).toISOString(), close_time: new Date(alert.closeTimeMs).toISOString(),
    changed_at: new Date(alert.changedMs).toISOString(),
  });
}
