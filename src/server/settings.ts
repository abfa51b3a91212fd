import { isIP } from 'node:net';
import type { Settings } from '../model/setting.ts';

export const serverSettings = {
  host: {
    type: 'text', default: '127.0.0.1',
    doc: 'Address that the HTTP server binds. Any other than a loopback address needs an api_key.',
  },
  port: {
    type: 'integer', default: 8083, min: 0, max: 65_535, env: 'PORT',
    doc: 'Port of the HTTP server. 0 takes any free port.',
  },
  api_key: {
    type: 'text', default: null, secret: true, env: 'API_KEY',
    doc: 'Clients send it as X-API-Key or as Authorization: Bearer. It is asked for everywhere but at /health, ' +
      '/metrics, the start page and /docs. Empty, and no api_keys_file: nobody is asked.',
  },
  api_keys_file: {
    type: 'text', default: null, env: 'API_KEYS_FILE',
    doc: 'File with a key a line as NAME:DIGEST, as `mdp api-key NAME` prints it, beside api_key or in place of it. It is ' +
      'read again when it changes, within 2 s, so that keys come and go without a restart. Empty: there is none.',
  },
  allow_unauthenticated: {
    type: 'boolean', default: false,
    doc: 'Bind an address that other machines can reach although there is no api_key.',
  },
  allowed_hosts: {
    type: 'text-list', default: [], env: 'ALLOWED_HOSTS',
    doc: 'Names without port, such as desk.example.com, by which the API may be asked where there is no key: beside ' +
      'localhost, server.host and every address. A name that somebody else points here is refused.',
  },
  allowed_origins: {
    type: 'text-list', default: [], env: 'ALLOWED_ORIGINS',
    doc: 'Web origins whose pages may call the API from a browser, such as https://desk.example.com. Empty: none but ' +
      'its own.',
  },
  trust_proxy: {
    type: 'text-list', default: [], env: 'TRUST_PROXY',
    doc: 'Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed, so that the rate limit and the ' +
      'audit log see clients. Such a proxy must overwrite what a client sends. Empty: nobody is believed.',
  },
  enable_rate_limit: {
    type: 'boolean', default: true, env: 'ENABLE_RATE_LIMIT',
    doc: 'Whether a client (by address) that asks too often gets 429. /health and /metrics are never limited.',
  },
  rate_limit_max: {
    // Ten a second: a page that refreshes every second and a person who clicks stay far below.
    type: 'integer', default: 600, min: 1, max: 1_000_000, env: 'RATE_LIMIT_MAX',
    doc: 'Requests that one client may make within rate_limit_window_ms.',
  },
  rate_limit_window_ms: {
    type: 'integer', default: 60_000, min: 1_000, max: 3_600_000, env: 'RATE_LIMIT_WINDOW_MS',
    doc: 'Length of the window in which requests are counted, in ms.',
  },
  request_timeout_ms: {
    type: 'integer', default: 30_000, min: 100, max: 600_000,
    doc: 'A client that has not sent its request within this time is cut off, and a read of the database that has ' +
      'not answered by then gets 503, in ms.',
  },
} as const satisfies Settings;

/** Whether there is a key to ask for. */
export function asksForKey({ api_key, api_keys_file }: {
  readonly api_key: string | null; readonly api_keys_file: string | null;
}): boolean {
  return [api_key, api_keys_file].some((given) => given !== null && given !== '');
}

/** Whether this is an address, or one with the length of a prefix: /0 would be everybody. */
export function isNetwork(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** Whether only this machine can reach a server that binds this host. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const plain = host.replace(/^\[|\]$/g, '');
  if (isIP(plain) === 4) return plain.startsWith('127.');
  return plain === '::1' || /^::ffff:127\./i.test(plain);
}
