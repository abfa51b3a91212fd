import { createHash } from 'node:crypto';

/** Of a body: equal for equal ones, whichever process answers. */
export function tagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 32)}"`;
}

/** Whether a client that sent this If-None-Match has what the tag stands for. Compared weakly, as RFC 9110 (13.1.2) says. */
export function hasTag(sent: string | undefined, tag: string): boolean {
  if (sent === undefined) return false;
  return sent.trim() === '*' || sent.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
