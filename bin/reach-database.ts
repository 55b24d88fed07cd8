import pg from 'pg';
import { Fault } from '../platform/errors.ts';

const PATIENCE_MS = 10_000;

/**
 * The configured database, once it has answered, before anything is begun on it.
 * @throws {Fault} `DATABASE_UNREACHABLE`, which names the variable and the address, without the password
 */
export async function reachDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    return url;
  } catch (error) {
    const { host, pathname } = new URL(url);
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
