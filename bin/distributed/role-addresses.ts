/** The addresses that `npm run db:roles` wrote, as the variables that they are. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * Reads them, at the server as it is now: an embedded one whose port was taken meanwhile is at another.
 * @throws Error when the file is gone, since a password is written only once
 */
export function roleAddresses(file: string, server: string): Record<string, string> {
  if (!existsSync(file))
    throw new Error(
      `the passwords of its roles, ${file}, are gone: put the file back, or delete its folder to begin anew.`,
    );
  const { host } = new URL(server);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [name, url] = line.split(/=(.*)/s) as [string, string];
      return [name, Object.assign(new URL(url), { host }).href];
    }),
  );
}
