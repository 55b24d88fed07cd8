import type { Config } from '../../platform/config/config.ts';

/**
 * An address past the pooler: the same role, at the PostgreSQL that DATABASE_DIRECT_URL names. For what a pooler that
 * gives out connections by the transaction cannot carry: LISTEN, a session's locks and settings.
 */
export function directAddress(
  url: string,
  { DATABASE_URL, DATABASE_DIRECT_URL }: Pick<Config, 'DATABASE_URL' | 'DATABASE_DIRECT_URL'>,
): string {
  if (!DATABASE_DIRECT_URL) return url;
  if (url === DATABASE_URL) return DATABASE_DIRECT_URL;
  return withRoleOf(url, DATABASE_DIRECT_URL);
}

/** The standby's address for whoever has this address of the primary: where it is, and who they are. */
export const replicaAddress = (
  url: string,
  { DATABASE_URL, DATABASE_REPLICA_URL }: Pick<Config, 'DATABASE_URL'> & { DATABASE_REPLICA_URL: string },
): string => (url === DATABASE_URL ? DATABASE_REPLICA_URL : withRoleOf(url, DATABASE_REPLICA_URL));

function withRoleOf(url: string, place: string): string {
  const { username, password } = new URL(url);
  return Object.assign(new URL(place), { username, password }).href;
}
