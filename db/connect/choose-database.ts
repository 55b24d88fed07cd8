import { type Config, hasAgentDatabases } from '../../platform/config/config.ts';
import { isTransient } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { reachDatabase } from './reach-database.ts';

/** The database that was chosen. */
export interface ChosenDatabase {
  url: string;
  /** The configuration that holds for it. */
  config: Config;
  /** Why the embedded database serves although another is configured. */
  fallback?: Error;
}

/** Parts with which the database is chosen. */
export interface DatabaseChoice {
  config: Config;
  log: Logger;
  report(line: string): void;
}

/**
 * The configured database; without one, the embedded. In development the embedded one is also the fallback, with data
 * of its own, when the configured one is away at the start. It stays until an operator ends it: switching back by
 * itself would strand the rows written meanwhile. In production that would be two truths, and the start fails instead.
 * @param startEmbedded starts the embedded one, and returns its address
 * @throws Fault DATABASE_UNREACHABLE
 */
export async function chooseDatabase(
  { config, log, report }: DatabaseChoice,
  startEmbedded: () => Promise<string>,
): Promise<ChosenDatabase> {
  if (!config.DATABASE_URL) return { url: await startEmbedded(), config };
  try {
    return { url: await reachDatabase(config.DATABASE_URL), config };
  } catch (error) {
    if (!mayFallBack(config, error)) throw error;
    const { message } = error as Error;
    log.error({ err: error }, 'the configured database is away: the embedded one serves instead');
    report(`ATTENTION: ${message}`);
    report('The embedded database serves INSTEAD, with data of its own. Every agent is degraded (level 1).');
    report('Start again when the other is back; or set DATABASE_FALLBACK=off to have the start fail.');
    // The addresses of the configured database do not count for the embedded one.
    const own = { ...config, DATABASE_URL: undefined, DATABASE_DIRECT_URL: undefined, DATABASE_REPLICA_URL: undefined };
    return { url: await startEmbedded(), config: own, fallback: error as Error };
  }
}

/**
 * Whether the embedded database may serve. A server that refuses us is not away; and where agents have databases of
 * their own, one is no substitute.
 */
function mayFallBack({ DATABASE_FALLBACK, NODE_ENV }: Config, error: unknown): boolean {
  const mayStandIn = DATABASE_FALLBACK === 'on' && NODE_ENV !== 'production' && !hasAgentDatabases(process.env);
  return mayStandIn && isTransient(error);
}
