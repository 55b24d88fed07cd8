/** The addresses of the agents' roles, with passwords that are generated here once and kept in a file of our own. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * An address for each owner, as the variables from which `npm run db:roles` makes the roles. Addresses in the file are
 * kept; an owner whose address is missing or incomplete gets a new password, and one that is gone is left out.
 * @param server current address of the server: an embedded one whose port was taken meanwhile is at another.
 */
export function roleAddresses(file: string, owners: readonly string[], server: string): Record<string, string> {
  const { host } = new URL(server);
  const kept = existsSync(file) ? addressesIn(readFileSync(file, 'utf8')) : new Map<string, URL>();
  const addresses = owners.map((owner) => {
    const variable = `DATABASE_URL_${owner.toUpperCase()}`;
    const address = kept.get(variable) ?? newAddress(server, owner);
    return [variable, Object.assign(address, { host }).href] as const;
  });
  // Whole or not at all: a lost password is set anew, but those of running processes would end with it.
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
