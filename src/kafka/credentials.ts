import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import { MdpError } from '../errors.ts';
import type { KafkaValues } from './settings.ts';

/** How to log in, as kafkajs wants it. Throws an MdpError `config-invalid`. */
export function saslOptions({ mechanism, username, password }: KafkaValues['sasl']): SASLOptions | undefined {
  if (mechanism === 'none') return undefined;
  for (const [key, value] of Object.entries({ username, password })) {
    if (value !== null && value !== '') continue;
    throw new MdpError('config-invalid', `kafka.sasl.mechanism is ${mechanism}, and kafka.sasl.${key} is not set. ` +
      `Set it (KAFKA_SASL_${key.toUpperCase()}), or the mechanism to none.`);
  }
  return { mechanism, username: username ?? '', password: password ?? '' };
}

/** How to talk TLS; undefined: not at all. Reads the files that are named. Throws an MdpError `config-invalid`. */
export function tlsOptions(ssl: KafkaValues['ssl']): ConnectionOptions | undefined {
  if (!ssl.enabled) return undefined;
  if ((ssl.cert === null) !== (ssl.key === null)) {
    const [given, missing] = ssl.key === null ? ['cert', 'key'] : ['key', 'cert'];
    throw new MdpError('config-invalid', `kafka.ssl.${given} is set and kafka.ssl.${missing} is not: a certificate and ` +
      'its private key go together.');
  }
  return {
    rejectUnauthorized: ssl.reject_unauthorized,
    ...pem('ca', ssl.ca), ...pem('cert', ssl.cert), ...pem('key', ssl.key),
  };
}

/** PEM text begins like this; a path does not. */
const pemBegin = '-----BEGIN ';

function pem(key: 'ca' | 'cert' | 'key', value: string | null): ConnectionOptions {
  if (value === null || value === '') return {};
  const text = value.trimStart().startsWith(pemBegin) ? value : fileText(key, value);
  if (text.includes(pemBegin)) return { [key]: text };
  throw new MdpError('config-invalid', `kafka.ssl.${key} names ${shown(key, value)}, which holds no PEM text ` +
    `(${pemBegin}…). Convert it with openssl, or name another file (KAFKA_SSL_${key.toUpperCase()}).`);
}

function fileText(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new MdpError('config-invalid', `kafka.ssl.${key} is neither PEM text nor a file that can be read: ` +
      `${shown(key, path)}, ${reason}. Mend the path (KAFKA_SSL_${key.toUpperCase()}) or its permissions.`);
  }
}

/** What was meant to be the path of a key may be the key. */
function shown(key: string, path: string): string {
  return key === 'key' ? 'a file (not shown)' : path;
}
