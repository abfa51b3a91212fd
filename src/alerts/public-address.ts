import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that are no public host's (IANA special-purpose registries): this machine, networks of one's own, metadata. A
 * list for each family: in a list with the mapped ones of IPv6 Node finds every address of IPv4.
 */
const notPublic = { 4: new BlockList(), 6: new BlockList() } as const;
for (const [network, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15],
  ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) notPublic[4].addSubnet(network, prefix, 'ipv4');
/** Those of IPv6 that lead to IPv4 are among them: mapped, compatible, translated, 6to4, Teredo. */
for (const [network, prefix] of [
  ['::', 96], ['::ffff:0:0', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48], ['100::', 64], ['2001::', 23], ['2001:db8::', 32],
  ['2002::', 16], ['3fff::', 20], ['5f00::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8],
] as const) notPublic[6].addSubnet(network, prefix, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const kind = isIP(address);
  if (kind === 4) return !notPublic[4].check(address, 'ipv4');
  return kind === 6 && !notPublic[6].check(address, 'ipv6');
}

/** The name stands for an address that must not be called. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * Resolves names for a socket, which connects to what this has looked at and to nothing else: a name that is resolved a
 * second time may say another thing. A name with any address that is not public is refused.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    if (refused !== undefined) return callback(refusalOf(hostname, refused.address), '', 0);
    if (options.all === true) return callback(null, addresses);
    const [{ address, family }] = addresses;
    return callback(null, address, family);
  });
};

export function refusalOf(hostname: string, address: string): AddressRefused {
  return new AddressRefused(`${hostname} is at ${address}, which is not a public address. Where that is meant, set ` +
    'alerts.allow_private_addresses.');
}
