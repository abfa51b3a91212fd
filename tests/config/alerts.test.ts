import { describe, expect, it } from 'vitest';
import { faultsOf, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();
const secret = 'sixteen letters or more';
const faults = (url: string, key: string): string[] => (
  [...faultsOf({ file: file('alerts.yaml', JSON.stringify({ alerts: { webhook_url: url, webhook_secret: key } })) })]);

describe('the webhook of alerts', () => {
  it.each(['https://receiver.example/hook?token=a', 'http://10.0.0.1:8080/'])('may be at %s', (url) => {
    expect(faults(url, secret)).toEqual([]);
  });

  it('needs no secret where there is none', () => expect(faults('', '')).toEqual([]));

  it.each(['receiver.example', 'ftp://receiver.example/', 'https://', 'file:///etc/passwd'])('is on the web, not at %s', (url) => {
    expect(faults(url, secret)).toEqual([expect.stringMatching(/alerts\.webhook_url.*begins with https:/)]);
  });

  it('has no login in its address, and the fault does not show it', () => {
    const [fault, ...others] = faults('https://user:hidden@receiver.example/', secret);
    expect(fault).toMatch(/alerts\.webhook_url.*leave the login out/);
    expect(fault).not.toContain('hidden');
    expect(others).toEqual([]);
  });

  it('has a secret that is not guessed', () => {
    expect(faults('https://receiver.example/', 'short')).toEqual([expect.stringMatching(/alerts\.webhook_secret.*16 characters/)]);
  });
});
