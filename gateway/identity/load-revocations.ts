import type { Broadcast } from '../../platform/cluster/broadcast.ts';
import { Revocations } from './revocations.ts';
import { createAsk } from '../../platform/commands/ask.ts';
import type { Host } from '../../platform/agent/host.ts';
import type { Config } from '../../platform/config/config.ts';
import { revokedSessions, type RevokedSessionsQueryVariables } from '../commands/identity.generated.ts';
import { announceRevocations, ENDINGS, heedRevocations } from './broadcast-revocations.ts';

/** Heeds all revocations since then, page by page: in a large shop a thousand sign out in minutes. */
export async function heedSince(
  revocations: Revocations,
  since: Date,
  page: (variables: RevokedSessionsQueryVariables) => Promise<readonly string[]>,
): Promise<void> {
  let after: string | undefined;
  do {
    const ids = await page({ since: since.toISOString(), after });
    for (const id of ids) revocations.revoke(id);
    after = ids.at(-1);
  } while (after !== undefined);
}

/**
 * The revocations that the gateway must know: those from before this process began, and each from then on, also those
 * that other processes broadcast.
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
  const since = new Date(Date.now() - config.ACCESS_TOKEN_SECONDS * 1000);
  await heedSince(revocations, since, async (page) => (await ask(revokedSessions, page)).revokedSessions ?? []);
  return revocations;
}
