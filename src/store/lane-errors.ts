import { MdpError } from '../errors.ts';
import type { LaneWish } from './lanes.ts';
import type { KnownLane } from './tellings.ts';

export function logChanged({ name, request }: LaneWish, known: KnownLane): MdpError {
  const before = `"${known.logIdentity}"${known.repeatable ? '' : ' (which could not be read again)'}`;
  return new MdpError(
    'log-changed',
    `The log of lane ${name} is another one than the log that its stored bars were folded from: it is now ` +
      `"${request.logIdentity}", it was ${before}. Take the old log back; or give the source another name; or run ` +
      `\`mdp run --rebuild ${name}\` to fold the new log over the stored bars, or \`mdp run --from-now ${name}\` to keep ` +
      'them and go on with the new log.',
  );
}

export function notRepeatable({ name }: LaneWish): MdpError {
  return new MdpError('rebuild-refused', `The log of lane ${name} cannot be read again: nothing could be rebuilt from it. ` +
    'Start without --rebuild.');
}
