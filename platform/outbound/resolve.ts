/**
 * Resolves the names of receivers. It asks the name servers from the event loop, with a timeout: `dns.lookup` would ask
 * from libuv's pool, where a few names that a server does not answer for keep every other name of the process waiting.
 * What that would have read besides is read here: the file of hosts, and that `localhost` is this machine (RFC 6761).
 * Search domains are left out, so a name is a whole one.
 */
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for the first answer; the second is waited for twice as long. Of one server, half of an attempt's timeout. */
const ANSWER_MS = 2500;
const TRIES = 2;
/** Milliseconds that addresses of IPv6 are waited for once those of IPv4 are known (RFC 8305, 3). */
const MORE_MS = 500;

/** Names of this machine. */
export const LOCAL = /^(localhost|.*\.localhost)\.?$/;
const THIS_MACHINE: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Where names are looked up. */
export interface NameSources {
  /** @default those of the machine */
  servers?: readonly string[];
  /** @default the machine's */
  hostsFile?: string;
  /** Milliseconds for an answer. @default ANSWER_MS */
  answerMs?: number;
}

/** The addresses of a name, those of IPv4 first. @throws Error of the name servers, such as ENOTFOUND */
export async function addressesOf(
  name: string,
  { servers, hostsFile = HOSTS_FILE, answerMs = ANSWER_MS }: NameSources = {},
): Promise<LookupAddress[]> {
  if (LOCAL.test(name)) return THIS_MACHINE;
  const known = await inHosts(name, hostsFile);
  if (known.length > 0) return known;
  // A new one knows the name servers that the machine has now.
  const resolver = new Resolver({ timeout: answerMs, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const ipv4 = resolver.resolve4(name);
  const both = Promise.allSettled([ipv4, resolver.resolve6(name)]);
  // Name servers that keep still about IPv6 alone would use up the time of every attempt.
  await Promise.race([
    both,
    ipv4.then(
      () => sleep(MORE_MS, undefined, { ref: false }),
      () => both,
    ),
  ]);
  resolver.cancel();
  const answers = await both;
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])).map(withFamily);
  if (found.length > 0) return found;
  throw answers.find((answer) => answer.status === 'rejected')!.reason;
}

const HOSTS_FILE =
  process.platform === 'win32' ? `${process.env['SystemRoot']}\\System32\\drivers\\etc\\hosts` : '/etc/hosts';

/** The addresses that the file of hosts has for a name. */
async function inHosts(name: string, file: string): Promise<LookupAddress[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const wanted = name.replace(/\.$/, '');
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/))
    .filter(([address = '', ...names]) => isIP(address) > 0 && names.includes(wanted))
    .map(([address]) => withFamily(address!));
}

const withFamily = (address: string): LookupAddress => ({ address, family: isIP(address) });
