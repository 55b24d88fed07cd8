/**
 * The revocations that a gateway must know, the same however it is started: it polls the table of identity, which
 * decides, and hears earlier what is broadcast, or what is published in its own process. Neither of these two is
 * enough: another process may have ended the session, without a Redis, or while Redis was away.
 */
import type { Host } from '../../platform/agent/host.ts';
import type { Broadcast } from '../../platform/cluster/broadcast.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/log.ts';
import { identityOf } from './api-keys.ts';
import { announceRevocations, ENDINGS, heedRevocations } from './broadcast-revocations.ts';
import { RevocationPolling } from './revocation-polling.ts';
import { Revocations } from './revocations.ts';

/** Revocations, and the polling that keeps them up to date once it is started. */
export interface KnownRevocations {
  revocations: Revocations;
  polling: RevocationPolling;
}

/** Options of knowing revocations. */
export interface KnownRevocationsOptions {
  /** Lifetime of an access token, in seconds. */
  tokenSeconds: number;
  /** Tells what other processes have ended. @default it is learnt by polling alone */
  broadcast?: Broadcast;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** The revocations for a gateway in another process than identity, which may be away: nothing is known yet. */
export function knownRevocations(
  identity: Pick<SubgraphEndpoint, 'execute'>,
  { tokenSeconds, broadcast, log }: KnownRevocationsOptions,
): KnownRevocations {
  const revocations = new Revocations(tokenSeconds);
  if (broadcast) heedRevocations(revocations, broadcast);
  return { revocations, polling: new RevocationPolling({ revocations, identity, tokenSeconds, log }) };
}

/**
 * The revocations for a gateway beside identity, in one process: those from before it began are known when this
 * resolves, its own are known and broadcast at once.
 * @throws Unavailable if identity does not answer: then no token could be trusted
 */
export async function revocationsOf(
  host: Pick<Host, 'onPublished' | 'subgraphs'>,
  options: KnownRevocationsOptions,
): Promise<KnownRevocations> {
  const known = knownRevocations(identityOf(host.subgraphs), options);
  host.onPublished((event) => {
    if (ENDINGS.has(event.type)) known.revocations.revoke(event.aggregateId);
  });
  if (options.broadcast) announceRevocations(host, options.broadcast);
  await known.polling.read();
  return known;
}
