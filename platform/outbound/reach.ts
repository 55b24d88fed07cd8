/**
 * Which addresses a webhook may be sent to. A URL that a user gives must not make Agora ask what only Agora can reach:
 * its own machine, its network, a cloud's metadata (server-side request forgery, CWE-918). The names are resolved for each
 * connection and the address that was checked is the one that is connected to, so a name whose address changes in between
 * (DNS rebinding) gains nothing.
 */
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { refuse } from '../errors.ts';
import { addressesOf, LOCAL, type NameSources } from './resolve.ts';

/** What the installation allows beyond public addresses. */
export interface Allowed {
  /** The machine itself, and `http:` to it: for development. */
  loopback: boolean;
  /** Networks of receivers of the house. */
  networks?: BlockList;
}

/** IPv4 networks that are no public hosts (IANA's special-purpose registry, RFC 6890), multicast, and Azure's metadata. */
const CLOSED_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** The IPv6 networks of public hosts (RFC 4291), and those within them that are none: Teredo, ORCHID, 6to4, examples. */
const OPEN_6 = ['2000::/3'];
const CLOSED_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** A set of networks. @throws Error for a text that is no network */
export function networksOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits = ''] = text.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
      throw new Error('a network is an address and its length, such as 10.1.0.0/16 or fd00::/8');
    list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

const closed4 = networksOf(CLOSED_4);
const open6 = networksOf(OPEN_6);
const closed6 = networksOf(CLOSED_6);
const loopback = networksOf(LOOPBACK);

/** Whether an address may be connected to. */
export function isReachable(address: string, allowed: Allowed): boolean {
  const family = isIP(address);
  // With a zone it is an address of a link.
  if (family === 0 || address.includes('%')) return false;
  const inner = family === 6 ? embeddedIpv4(address) : undefined;
  if (inner !== undefined) return isReachable(inner, allowed);
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  if (allowed.networks?.check(address, kind)) return true;
  if (allowed.loopback && loopback.check(address, kind)) return true;
  return family === 4 ? !closed4.check(address, kind) : open6.check(address, kind) && !closed6.check(address, kind);
}

/** The first 96 bits of IPv6 addresses that stand for an IPv4 address: mapped ones (RFC 4291), and NAT64's (RFC 6052). */
const EMBEDDING = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/** The IPv4 address that an IPv6 address stands for, if it does. */
function embeddedIpv4(address: string): string | undefined {
  const hextets = hextetsOf(address);
  if (!EMBEDDING.includes(hextets.slice(0, 6).join(':'))) return undefined;
  const [high = 0, low = 0] = hextets.slice(6).map((hextet) => Number.parseInt(hextet, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight hextets of an IPv6 address, in lower case and without leading zeros. */
function hextetsOf(address: string): string[] {
  // The URL parser writes an IPv4 ending as hextets, as RFC 5952 does all the others.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail?.split(':').filter(Boolean) ?? [];
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
}

/** The error code of a connection that is not made because of its address. */
export const UNREACHABLE = 'WEBHOOK_ADDRESS';

const refused = (host: string): Error =>
  Object.assign(new Error(`${host} has no address that webhooks are sent to: it is none of the public internet.`), {
    code: UNREACHABLE,
  });

/** A `lookup` for connections that resolves a name to the addresses that are allowed, and fails where there is none. */
export function guardedLookup(allowed: Allowed, names?: NameSources): LookupFunction {
  const find = callbackify(async (host: string) => {
    const fit = (await addressesOf(host, names)).filter(({ address }) => isReachable(address, allowed));
    if (fit.length === 0) throw refused(host);
    return fit;
  });
  return (host, { all }, callback) =>
    find(host, (error, fit) => {
      if (error) callback(error, '');
      else if (all) callback(null, fit);
      else callback(null, fit[0]!.address, fit[0]!.family);
    });
}

/** Checks a host before a connection: an address in a URL is not looked up. @throws Error with the code {@link UNREACHABLE} */
export function checkLiteral(host: string, allowed: Allowed): void {
  const address = bare(host);
  if (isIP(address) > 0 && !isReachable(address, allowed)) throw refused(address);
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '');

const orLocal = ({ loopback }: Allowed): string =>
  loopback ? ', or with `http://` and name this machine, such as `http://127.0.0.1:8080/`' : '';

/**
 * Checks the URL of an endpoint, and returns it as it is sent to. Its host's addresses are checked when it is connected to.
 * @throws Refusal INVALID_INPUT
 */
export function checkUrl(text: string, allowed: Allowed): string {
  const path = ['input', 'url'];
  const url = URL.parse(text);
  const host = url ? bare(url.hostname) : '';
  const isLocal = LOCAL.test(host) || (isIP(host) > 0 && loopback.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6'));
  if (!url?.hostname || !(url.protocol === 'https:' || (url.protocol === 'http:' && allowed.loopback && isLocal)))
    throw refuse('INVALID_INPUT', `The URL must begin with \`https://\` and name a host${orLocal(allowed)}.`, path);
  if (url.username || url.password)
    throw refuse('INVALID_INPUT', 'The URL must not hold a name or a password: verify the signature instead.', path);
  if (url.hash) throw refuse('INVALID_INPUT', 'The URL must not have a part after `#`: it would not be sent.', path);
  if ((isLocal && !allowed.loopback) || (isIP(host) > 0 && !isReachable(host, allowed)))
    throw refuse('INVALID_INPUT', 'The address is none of the public internet: give one that is.', path);
  return url.href;
}
