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
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds for the first answer; the second is waited for twice as long. Of one server, half of an attempt's timeout. */
const ANSWER_MS = 2500;
const TRIES = 2;
/** Milliseconds for which one kind of addresses is waited for once there are some of the other (RFC 8305, 3). */
const OTHER_MS = 500;

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
  const found: LookupAddress[][] = [];
  const asked = [resolver.resolve4(name), resolver.resolve6(name)].map(async (answer, kind) => {
    found[kind] = (await answer).map(withFamily);
  });
  const answers = Promise.allSettled(asked);
  // Some servers keep still about the kind that they have none of.
  const some = Promise.any(asked).then(() => wait(OTHER_MS, undefined, { ref: false }));
  await Promise.race([answers, some.catch(() => answers)]);
  resolver.cancel();
  if (found.flat().length > 0) return found.flat();
  throw (await answers).find((answer) => answer.status === 'rejected')!.reason;
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
