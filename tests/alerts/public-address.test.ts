import { lookup } from 'node:dns/promises';
import { describe, expect, it } from 'vitest';
import { AddressRefused, isPublicAddress, lookupPublic } from '../../src/alerts/public-address.ts';

const refused = [
  '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1', '172.31.255.255',
  '192.168.1.1', '192.0.2.1', '198.18.0.1', '203.0.113.5', '224.0.0.1', '255.255.255.255', '240.0.0.1',
  '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', 'fe80::1', 'fec0::1', 'fc00::1',
  'fd12:3456::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '2001:0:1::1', 'localhost', '', '1.2.3', 'fe80::1%eth0',
];
const allowed = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '192.169.0.1', '2606:4700:4700::1111', '2a00:1450::1'];

describe('an address', () => {
  it.each(refused)('%s is not called', (address) => expect(isPublicAddress(address)).toBe(false));
  it.each(allowed)('%s is', (address) => expect(isPublicAddress(address)).toBe(true));
});

describe('a name', () => {
  it('that stands for this machine is refused, however the socket asks', async () => {
    await lookup('localhost');
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => { lookupPublic('localhost', { all }, (fault) => resolve(fault)); });
      expect(error).toBeInstanceOf(AddressRefused);
    }
  });

  it('that stands for nothing is told as it is', async () => {
    const error = await new Promise((resolve) => { lookupPublic('name.invalid', {}, (fault) => resolve(fault)); });
    expect(error).not.toBeInstanceOf(AddressRefused);
    expect(error).toBeInstanceOf(Error);
  });
});
