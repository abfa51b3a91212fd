import type { ServerSettings } from './context.ts';
import { asksForKey, isLoopback } from './settings.ts';

/** Why the server must not be opened as it is set, or null. */
export function exposureFault(settings: ServerSettings): string | null {
  if (isLoopback(settings.host) || settings.allow_unauthenticated) return null;
  if (asksForKey(settings)) return null;
  return `server.host is ${settings.host}, which other machines can reach, and there is no server.api_key. Set ` +
    'API_KEY or API_KEYS_FILE, bind 127.0.0.1, or set server.allow_unauthenticated to let everybody in.';
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
