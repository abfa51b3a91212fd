import { hostname, userInfo } from 'node:os';
import { MdpError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

/** A command that changes something, and what of: names, never contents. */
export interface Change {
  readonly command: string;
  readonly [detail: string]: unknown;
}

/**
 * Does the work between two lines of the audit log, so that one that was killed is seen as begun. When the first line cannot
 * be written nothing is done: throws an MdpError `audit-failed`, or what `work` throws.
 */
export async function audited<T>(log: Logger, change: Change, work: () => Promise<T>): Promise<T> {
  tellBegun(log, change);
  const by = who();
  let result: T;
  try {
    result = await work();
  } catch (error) {
    const code = error instanceof MdpError ? error.code : 'unexpected';
    log.audit({ ...by, ...change, outcome: 'failed', code }, `mdp ${change.command} by ${by.user} failed: ${code}.`);
    throw error;
  }
  log.audit({ ...by, ...change, outcome: 'done' }, `mdp ${change.command} by ${by.user} is done.`);
  return result;
}

/** For work whose outcome the log tells as it comes. */
export function tellBegun(log: Logger, change: Change): void {
  const by = who();
  log.audit({ ...by, ...change, outcome: 'begun' }, `mdp ${change.command} was begun by ${by.user} on ${by.host}.`);
}

function who(): { readonly user: string; readonly host: string } {
  return { user: userName(), host: hostname() };
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
