import { MdpError } from '../../../errors.ts';
import type { Message, MessageDecoder } from './decoder.ts';

/**
 * For kafka.batch_error_isolation: false. A message that cannot be read is not set aside: it stops its lane, which stands
 * ahead of that message until people have mended something. What stands before it is read as ever, one by one.
 */
export function stoppingAtBad(decoder: MessageDecoder): MessageDecoder {
  return {
    decode: (message, columns) => {
      const decoded = decoder.decode(message, columns);
      if (decoded === null || !('reason' in decoded)) return decoded;
      const { reason, message: words } = decoded;
      return Promise.reject(new MdpError('source-malformed', `The message ${placeOf(message)}cannot be read (${reason}: ` +
        `${words}), and kafka.batch_error_isolation is off: its lane stops ahead of it. Mend the settings of the source, ` +
        'or set it to true, which sets such messages aside as dead letters; then start again.'));
    },
  };
}

function placeOf(message: Message & { readonly offset?: number }): string {
  return message.offset === undefined ? '' : `at offset ${message.offset} `;
}
