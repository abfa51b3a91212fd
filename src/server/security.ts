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
  readonly settings: Pick<ServerSettings, 'allowed_origins' | 'host'>;
}

/**
 * Whether what came with this header Origin may change something, or open a stream. A program sends none and may. A page
 * may where it is our own, by the host that it asks, or where server.allowed_origins names it. Where no key is asked for,
 * our own host must be an address, localhost or server.host: anybody can let a name of theirs point here.
 */
export function mayChange(origin: string | undefined, { host, isKeyed, settings }: Asked): boolean {
  if (origin === undefined || settings.allowed_origins.includes(origin)) return true;
  if (!URL.canParse(origin)) return false; // null: a page in a sandbox, or a file.
  const own = new URL(origin);
  if (own.host !== hostOf(host, own.protocol)) return false;
  const name = own.hostname.replace(/^\[|\]$/g, '');
  return isKeyed || isIP(name) !== 0 || name === 'localhost' || name === settings.host;
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
