import { MdpError } from '../errors.ts';
import type { LaneWish } from './lanes.ts';
import type { KnownLane } from './tellings.ts';

export function logChanged({ name, request }: LaneWish, known: KnownLane): MdpError {
  const before = `"${identityOf(known)}"${known.repeatable ? '' : ' (which could not be read again)'}`;
  const isMadeAnew = known.repeatable && known.logIdentity === request.logIdentity;
  return new MdpError(
    'log-changed',
    `The log of lane ${name} ${isMadeAnew ? 'was deleted and made anew: it is' : 'is'} another one than the log that its ` +
      `stored bars were folded from: it is now "${identityOf(request)}", it was ${before}. Take the old ` +
      'log back; or give the source another name; or run ' +
      `\`mdp run --rebuild ${name}\` to fold the new log over the stored bars, or \`mdp run --from-now ${name}\` to keep ` +
      'them and go on with the new log.',
  );
}

/** For people. Of a log that was made anew under its old name only the id is another. */
export function identityOf({ logIdentity, logId }: Pick<KnownLane, 'logIdentity'> & { logId?: string | null }): string {
  return logId === undefined || logId === null ? logIdentity : `${logIdentity} (made as ${logId})`;
}

export function notRepeatable({ name }: LaneWish): MdpError {
  return new MdpError('rebuild-refused', `The log of lane ${name} cannot be read again: nothing could be rebuilt from it. ` +
    'Start without --rebuild.');
}
