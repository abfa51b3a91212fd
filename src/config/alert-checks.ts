import type { Judged } from './cross-checks.ts';
import { mask, type Fault } from './fault.ts';

const secretLengthMin = 16;

/** The webhook has an address of the web without a login in it, and a secret that is not guessed. */
export function alertFaults({ config: { alerts }, origins }: Judged): Fault[] {
  const { webhook_url: address, webhook_secret: secret } = alerts;
  const at = (key: string, rule: string): Fault =>
    ({ key, value: mask, origin: origins.get(key) ?? { kind: 'default' }, rule });
  if (address === '') return [];
  const url = URL.parse(address);
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== '';
  const faults: Fault[] = [];
  if (!isWeb) faults.push(at('alerts.webhook_url', 'write an address that begins with https:// or http://'));
  else if (url.username !== '' || url.password !== '') {
    faults.push(at('alerts.webhook_url', 'leave the login out: what is sent is signed with alerts.webhook_secret'));
  }
  if (secret.length < secretLengthMin) {
    faults.push(at('alerts.webhook_secret', `write ${secretLengthMin} characters or more: what is sent is signed with it`));
  }
  return faults;
}
