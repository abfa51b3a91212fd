import { isIP } from 'node:net';
import type { ServerSettings } from './context.ts';
import { asksForKey, isLoopback } from './settings.ts';

/** Why the server must not be opened as it is set, or null. */
export function exposureFault(settings: ServerSettings): string | null {
  if (isLoopback(settings.host) || settings.allow_unauthenticated) return null;
  if (asksForKey(settings)) return null;
  return `server.host is ${settings.host}, which other machines can reach, and there is no server.api_key. Set ` +
    'API_KEY or API_KEYS_FILE, bind 127.0.0.1, or set server.allow_unauthenticated to let everybody in.';
}

export interface Asked {
  /** With its port, as the client or the proxy that is trusted wrote it. */
  readonly host: string;
  readonly isKeyed: boolean;
  readonly settings: Pick<ServerSettings, 'allowed_origins' | 'allowed_hosts' | 'host'>;
}

/**
 * Whether what came with this header Origin may change something, or open a stream. A program sends none and may. A page
 * may where it is our own, by the host that it asks, or where server.allowed_origins names it. Where no key is asked for,
 * our own host must have a name of ours.
 */
export function mayChange(origin: string | undefined, { host, isKeyed, settings }: Asked): boolean {
  if (origin === undefined || settings.allowed_origins.includes(origin)) return true;
  if (!URL.canParse(origin)) return false; // null: a page in a sandbox, or a file.
  const own = new URL(origin);
  if (own.host !== hostOf(host, own.protocol)) return false;
  return isKeyed || isOwnName(own.hostname, settings);
}

/**
 * Whether a request may ask by this header Host where no key is asked for. A page that has let its name point here is one of
 * our own to its browser, and may read all that it likes: only the name that it asks by gives it away. Without the header it
 * is no browser.
 */
export function isOwnHost(host: string, settings: Pick<ServerSettings, 'allowed_hosts' | 'host'>): boolean {
  if (host === '') return true;
  const url = `http://${host}`;
  return URL.canParse(url) && isOwnName(new URL(url).hostname, settings);
}

/** An address, localhost, or what the settings say: anybody can let another name point here. */
function isOwnName(hostname: string, { host, allowed_hosts }: Pick<ServerSettings, 'allowed_hosts' | 'host'>): boolean {
  const name = hostname.replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || ['localhost', host, ...allowed_hosts].some((own) => own.toLowerCase() === name);
}

/** As a URL of this scheme has it: without the port that goes without saying, in small letters. */
function hostOf(host: string, protocol: string): string | null {
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : null;
}

/** For pages that load nothing from elsewhere: scripts, styles and data of their own, nothing inline, no frames. */
export const pageDirectives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
} as const;

/** Swagger UI sets styles inline; its scripts are files of its own like ours. */
export const docsDirectives = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};
