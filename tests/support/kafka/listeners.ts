import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Ways to a broker. `plain` is always there and asks for nothing; `proxied` is the same through a TcpProxy, and whoever
 * begins there stays there. `mutual-tls` wants a certificate of its client, `sasl` a name and a password.
 */
export type ListenerName = 'plain' | 'proxied' | 'tls' | 'mutual-tls' | 'sasl' | 'sasl-tls';

/** Where a listener listens, and which port it tells its clients. */
export interface Listener {
  readonly name: ListenerName;
  readonly port: number;
  readonly advertisedPort: number;
}

/** Who may log in at `sasl` and `sasl-tls`, with PLAIN and both SCRAMs. With `authorize` only the first may do anything. */
export const users = { mdp: 'mdp-secret', guest: 'guest-secret' } as const;

/** Certificates of a cluster, as paths of PEM files. */
export class Certificates {
  /** Signed all others. */
  readonly ca: string;
  /** Key and certificate of the brokers, for 127.0.0.1 and localhost. */
  readonly broker: string;
  readonly client: string;
  readonly clientKey: string;
  /** An authority that signed nothing here. */
  readonly strangeCa: string;

  /** Makes them in `directory`. Needs openssl. */
  constructor(directory: string) {
    const at = (name: string): string => join(directory, name);
    [this.ca, this.strangeCa, this.broker] = [at('ca.pem'), at('strange-ca.pem'), at('broker-and-key.pem')];
    [this.client, this.clientKey] = [at('client.pem'), at('client.key')];
    makeAuthority(this.ca, at('ca.key'));
    makeAuthority(this.strangeCa, at('strange-ca.key'));
    writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
    for (const who of ['broker', 'client']) {
      const subject = `/CN=mdp-test-${who}`;
      openssl('req', '-newkey', ...newKey, '-subj', subject, '-keyout', at(`${who}.key`), '-out', at('request'));
      openssl('x509', '-req', '-in', at('request'), '-CA', this.ca, '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2',
        '-extfile', at('names'), '-out', at(`${who}.pem`));
    }
    execFileSync('sh', ['-c', 'cat "$0" "$1" >"$2"', at('broker.key'), at('broker.pem'), this.broker]);
  }
}

/** Server properties of the listeners of one broker. */
export function listenerProperties(
  listeners: readonly Listener[], certificates: Certificates | null,
): Record<string, string> {
  const address = (name: ListenerName, port: number): string => `${inConfig(name)}://127.0.0.1:${port}`;
  const properties: Record<string, string> = {
    listeners: listeners.map(({ name, port }) => address(name, port)).join(','),
    'advertised.listeners': listeners.map(({ name, advertisedPort }) => address(name, advertisedPort)).join(','),
    'listener.security.protocol.map': listeners.map(({ name }) => `${inConfig(name)}:${protocol[name]}`).join(','),
    'inter.broker.listener.name': 'PLAIN',
  };
  for (const { name } of listeners) {
    const prefix = `listener.name.${inConfig(name).toLowerCase()}.`;
    const own = { ...(protocol[name].startsWith('SASL') ? saslProperties() : {}), ...tlsProperties(name, certificates) };
    for (const [key, value] of Object.entries(own)) properties[prefix + key] = value;
  }
  return properties;
}

/** What StorageTool is told so that the users can log in with SCRAM. */
export function scramArguments(): string[] {
  const mechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
  return mechanisms.flatMap((mechanism) => Object.entries(users).flatMap(([name, password]) =>
    ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]));
}

const protocol: Readonly<Record<ListenerName, string>> = {
  plain: 'PLAINTEXT', proxied: 'PLAINTEXT', tls: 'SSL', 'mutual-tls': 'SSL', sasl: 'SASL_PLAINTEXT', 'sasl-tls': 'SASL_SSL',
};

function inConfig(name: ListenerName): string {
  return name.replace('-', '_').toUpperCase();
}

function saslProperties(): Record<string, string> {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`).join(' ');
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${known};`,
    'scram-sha-256.sasl.jaas.config': scram,
    'scram-sha-512.sasl.jaas.config': scram,
  };
}

function tlsProperties(name: ListenerName, certificates: Certificates | null): Record<string, string> {
  if (certificates === null || !protocol[name].endsWith('SSL')) return {};
  return {
    'ssl.keystore.type': 'PEM', 'ssl.keystore.location': certificates.broker,
    'ssl.truststore.type': 'PEM', 'ssl.truststore.location': certificates.ca,
    'ssl.client.auth': name === 'mutual-tls' ? 'required' : 'none',
  };
}

const newKey = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;

function makeAuthority(certificate: string, key: string): void {
  const subject = '/CN=mdp-test-ca';
  openssl('req', '-x509', '-newkey', ...newKey, '-days', '2', '-subj', subject, '-keyout', key, '-out', certificate);
}

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: 'pipe' });
}
