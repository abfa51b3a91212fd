import { isIP } from 'node:net';
import { MdpError } from './errors.ts';

/** The URL with what libpq means by sslmode: `require` encrypts, `verify-full` also checks who answers. */
export function connectionString(url: string): string {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    const form = 'postgres://user:password@host:port/database';
    throw new MdpError('config-invalid', `store.url (DATABASE_URL) is not of the form ${form}.`);
  }
  const parsed = new URL(url);
  const mode = parsed.searchParams.get('sslmode');
  if (mode === 'prefer' || mode === 'allow') {
    const advice = 'which may or may not encrypt: write disable, require or verify-full';
    throw new MdpError('config-invalid', `store.url (DATABASE_URL) has sslmode=${mode}, ${advice}.`);
  }
  if (mode !== null && mode !== 'no-verify') parsed.searchParams.set('uselibpqcompat', 'true');
  return parsed.href;
}

/**
 * What somebody on the way to the database could do, in words; null where TLS also says who answers (verify-full,
 * verify-ca, or an authority beside require), and where nobody is on the way: this machine.
 */
export function openWay(url: string): string | null {
  const { hostname, searchParams } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === '' || host === 'localhost' || host === '::1' || host.startsWith('%2F')) return null;
  if (isIP(host) === 4 && host.startsWith('127.')) return null;
  const mode = searchParams.get('sslmode');
  if (mode === null || mode === 'disable') return 'without TLS: who is on the way can read the password and the rows';
  if (mode.startsWith('verify-') || (mode === 'require' && searchParams.has('sslrootcert'))) return null;
  return 'with TLS, and without a look at who answers: who is on the way can be the database';
}
