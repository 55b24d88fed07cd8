import type { Config } from '../platform/config/config.ts';

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
  const direct = new URL(DATABASE_DIRECT_URL);
  const { username, password } = new URL(url);
  return Object.assign(direct, { username, password }).href;
}
