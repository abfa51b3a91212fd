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
