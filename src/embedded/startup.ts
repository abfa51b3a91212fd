import type { Socket } from 'node:net';
import type { Guest } from './shared-session.ts';
import { WireViolation, int32, wireMessage, zeroEnded, type MessageReader } from './wire-messages.ts';

const protocolMajor = 3;
const sslRequest = 80877103;
const gssRequest = 80877104;
const cancelRequest = 80877102;

/** No settings of the session, or such as a session without signals cannot keep: its timeouts never fire. */
const unused = new Set([
  'user', 'database', 'replication', 'options', 'application_name', 'client_encoding', 'fallback_application_name',
  'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
]);

/** Everyone on this machine may connect, under any name, to the one database there is. Returns whether one has. */
export async function answerStartup(reader: MessageReader, socket: Socket, guest: Guest): Promise<boolean> {
  for (let message = reader.nextStartup(); message !== null; message = reader.nextStartup()) {
    if (message.bytes.length < 8) throw new WireViolation('a startup message without a protocol version came');
    const code = message.bytes.readUInt32BE(4);
    if (code === cancelRequest) {
      socket.end(); // A running statement blocks the process: when this is read there is nothing left to cancel.
      return false;
    }
    if (code !== sslRequest && code !== gssRequest) {
      start(code, message.bytes, { socket, guest });
      return true;
    }
    socket.write('N');
  }
  return false;
}

function start(version: number, bytes: Buffer, to: { readonly socket: Socket; readonly guest: Guest }): void {
  if (version >>> 16 !== protocolMajor) throw new WireViolation(`protocol ${version >>> 16} is not supported; use 3.0`);
  const parameters = parametersOf(bytes);
  const encoding = parameters.get('client_encoding') ?? 'UTF8';
  if (!/^'?(utf-?8|unicode|sql_ascii)'?$/i.test(encoding)) {
    throw new WireViolation(`the embedded database speaks UTF8 only, not ${encoding}`);
  }
  to.guest.settings = new Map(
    [...parameters, ...optionsOf(parameters.get('options') ?? '')]
      .filter(([name]) => !unused.has(name) && !name.startsWith('_pq_.')),
  );
  const extensions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  const names = zeroEnded(...extensions);
  const negotiates = extensions.length > 0 || (version & 0xffff) > 0;
  to.socket.write(Buffer.concat([
    wireMessage('R', int32(0)), // AuthenticationOk.
    ...(negotiates ? [wireMessage('v', Buffer.concat([int32(0), int32(extensions.length), names]))] : []),
    ...reported.map(([name, value]) => wireMessage('S', zeroEnded(name, value))),
    wireMessage('K', Buffer.concat([int32(process.pid), int32(0)])),
    wireMessage('Z', Buffer.from('I')),
  ]));
}

const reported = [
  ['server_version', '17.5'], ['server_encoding', 'UTF8'], ['client_encoding', 'UTF8'], ['DateStyle', 'ISO, MDY'],
  ['TimeZone', 'GMT'], ['integer_datetimes', 'on'], ['standard_conforming_strings', 'on'], ['is_superuser', 'on'],
] as const;

/** `-c name=value` and `--name=value`; a backslash keeps the space behind it. */
function optionsOf(options: string): [string, string][] {
  const pattern = /(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)/g;
  return [...options.matchAll(pattern)]
    .map((match) => [match[1].replaceAll('-', '_'), match[2].replaceAll(/\\(.)/g, '$1')]);
}

/** Names and values, each ended by a zero byte, and another zero byte. */
function parametersOf(bytes: Buffer): Map<string, string> {
  const texts = bytes.toString('utf8', 8).split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length && texts[at] !== ''; at += 2) parameters.set(texts[at], texts[at + 1]);
  return parameters;
}
