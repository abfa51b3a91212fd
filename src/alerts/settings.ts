import type { Settings } from '../model/setting.ts';

/** Rules on bars, and who is called when one is met. Key `alerts:` of the file. */
export const alertSettings = {
  rules_max: {
    type: 'integer', default: 1_000, min: 0, max: 10_000,
    doc: 'Rules that there may be at once, over all pipelines of the database.',
  },
  webhook_url: {
    type: 'text', default: '', secret: true,
    doc: 'Where alerts and withdrawals are sent, as a POST of JSON to an http or https address. Empty: nowhere.',
  },
  webhook_secret: {
    type: 'text', default: '', secret: true,
    doc: 'Signs what is sent to alerts.webhook_url, so that its receiver can tell it from others: 16 characters or more. ' +
      'Must be set where the address is.',
  },
  webhook_timeout_ms: {
    type: 'integer', default: 10_000, min: 100, max: 60_000,
    doc: 'Longest time that one attempt to reach the webhook may take, in milliseconds.',
  },
  allow_private_addresses: {
    type: 'boolean', default: false,
    doc: 'Whether the webhook may be at a private, loopback or link-local address; else it is not called there, whatever ' +
      'its name resolves to.',
  },
} as const satisfies Settings;
