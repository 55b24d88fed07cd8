import type { Broadcast } from '../platform/cluster/broadcast.ts';
import { Revocations } from '../gateway/revocations.ts';
import { createAsk, command } from '../platform/commands/ask.ts';
import type { Host } from '../platform/agent/host.ts';
import type { Config } from '../platform/config/config.ts';
import { announceRevocations, ENDINGS, heedRevocations } from './broadcast-revocations.ts';

/** Asks identity which sessions were ended, and which API keys revoked, since. */
export const REVOKED = command<{ revokedSessions: string[] | null }, { since: string }>(
  'identity',
  'query RevokedSessions($since: DateTime!) { revokedSessions(since: $since) }',
);

/**
 * What the gateway must know of ended sessions: those that ended before this process began, and each from then on, also
 * what other processes tell.
 */
export async function revocationsOf(
  host: Host,
  config: Pick<Config, 'ACCESS_TOKEN_SECONDS'>,
  broadcast?: Broadcast,
): Promise<Revocations> {
  const revocations = new Revocations(config.ACCESS_TOKEN_SECONDS);
  host.onPublished((event) => {
    if (ENDINGS.has(event.type)) revocations.revoke(event.aggregateId);
  });
  if (broadcast) {
    announceRevocations(host, broadcast);
    heedRevocations(revocations, broadcast);
  }
  const ask = createAsk('gateway', (name) => host.subgraphs.find((subgraph) => subgraph.name === name));
  const since = new Date(Date.now() - config.ACCESS_TOKEN_SECONDS * 1000).toISOString();
  const { revokedSessions } = await ask(REVOKED, { since });
  for (const id of revokedSessions ?? []) revocations.revoke(id);
  return revocations;
}
