import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServerSettings } from './context.ts';
import { isLoopback } from './settings.ts';

/**
 * Checks the key that a client sent. Both are hashed first: digests have one length, and comparing them takes the
 * same time wherever they differ, so that nobody can guess a key letter by letter.
 */
export function keyChecker(apiKey: string): (headers: Readonly<Record<string, unknown>>) => boolean {
  const expected = digest(apiKey);
  return (headers) => {
    const sent = keyOf(headers);
    return sent !== null && timingSafeEqual(digest(sent), expected);
  };
}

function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  const { authorization } = headers;
  const bearer = typeof authorization === 'string' ? /^bearer +(.+)$/i.exec(authorization) : null;
  return bearer === null ? null : bearer[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Why the server must not be opened as it is set, or null. */
export function exposureFault(settings: ServerSettings): string | null {
  if (isLoopback(settings.host) || settings.allow_unauthenticated) return null;
  if (settings.api_key !== null && settings.api_key !== '') return null;
  return `server.host is ${settings.host}, which other machines can reach, and there is no server.api_key. Set ` +
    'API_KEY, bind 127.0.0.1, or set server.allow_unauthenticated to let everybody in.';
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
