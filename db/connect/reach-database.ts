import pg from 'pg';
import { serverVersion } from '../postgres-tools.ts';
import { Fault } from '../../platform/errors.ts';

const PATIENCE_MS = 10_000;
/** The first version that knows `transaction_timeout`, which all our connections ask for. */
const OLDEST = 17;

/**
 * The configured database, once it has answered, before anything is begun on it.
 * @throws {Fault} `DATABASE_UNREACHABLE`, `DATABASE_TOO_OLD`, which name the variable and the address, without the password
 */
export async function reachDatabase(url: string, oldest = OLDEST): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS });
  client.on('error', () => {});
  const { host, pathname } = new URL(url);
  try {
    await client.connect();
    const version = await serverVersion(client);
    if (version >= oldest) return url;
    const message = `DATABASE_URL (${host}${pathname}) is PostgreSQL ${version}: Agora needs ${oldest} or later.`;
    throw new Fault('DATABASE_TOO_OLD', message);
  } catch (error) {
    if (error instanceof Fault) throw error;
    // A name with several addresses fails with an AggregateError, which has a code and no message.
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Fault(
      'DATABASE_UNREACHABLE',
      `DATABASE_URL (${host}${pathname}) does not let us in: ${message || code}`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}
