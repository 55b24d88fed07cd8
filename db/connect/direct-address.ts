import type { Config } from '../../platform/config/config.ts';

/**
 * The address past the pooler: the same role, at the PostgreSQL that DATABASE_DIRECT_URL names. For LISTEN, and for a
 * session's locks and settings, which a pooler in transaction mode cannot carry.
 */
export function directAddress(
  url: string,
  { DATABASE_URL, DATABASE_DIRECT_URL }: Pick<Config, 'DATABASE_URL' | 'DATABASE_DIRECT_URL'>,
): string {
  if (!DATABASE_DIRECT_URL) return url;
  if (url === DATABASE_URL) return DATABASE_DIRECT_URL;
  return withRoleOf(url, DATABASE_DIRECT_URL);
}

/** The standby's address for this address of the primary: the same role, at the standby. */
export const replicaAddress = (
  url: string,
  { DATABASE_URL, DATABASE_REPLICA_URL }: Pick<Config, 'DATABASE_URL'> & { DATABASE_REPLICA_URL: string },
): string => (url === DATABASE_URL ? DATABASE_REPLICA_URL : withRoleOf(url, DATABASE_REPLICA_URL));

function withRoleOf(url: string, place: string): string {
  const { username, password } = new URL(url);
  return Object.assign(new URL(place), { username, password }).href;
}
