/** The addresses of the agents' roles, with passwords that are made here once and kept in a file of our own. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * An address for each, as the variables that `npm run db:roles` takes: it sets the roles to them. What the file holds is
 * kept; who is not in it, or only half, gets a new password, and who is there no more is left out.
 * @param server where it is now: an embedded one whose port was taken meanwhile is at another.
 */
export function roleAddresses(file: string, owners: readonly string[], server: string): Record<string, string> {
  const { host } = new URL(server);
  const kept = existsSync(file) ? addressesIn(readFileSync(file, 'utf8')) : new Map<string, URL>();
  const addresses = owners.map((owner) => {
    const variable = `DATABASE_URL_${owner.toUpperCase()}`;
    const address = kept.get(variable) ?? newAddress(server, owner);
    return [variable, Object.assign(address, { host }).href] as const;
  });
  // Whole or not at all: a password that is lost is set anew, but those of running processes would end with it.
  writeFileSync(`${file}.new`, `${addresses.map(([name, url]) => `${name}=${url}`).join('\n')}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return Object.fromEntries(addresses);
}

function addressesIn(text: string): Map<string, URL> {
  const known = new Map<string, URL>();
  for (const line of text.split('\n')) {
    const [name, address = ''] = line.split(/=(.*)/s);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (name && url?.username && url.password) known.set(name, url);
  }
  return known;
}

function newAddress(server: string, owner: string): URL {
  return Object.assign(new URL(server), {
    username: `agora_${owner}`,
    password: randomBytes(24).toString('base64url'),
  });
}
