/**
 * Broadcasts each ended session and revoked API key to every gateway, which refuses it at once. A broadcast may be
 * lost: the table of identity decides, and its latest entries are polled.
 */
import type { Revocations } from './revocations.ts';
import type { Host } from '../../platform/agent/host.ts';
import type { Broadcast } from '../../platform/cluster/broadcast.ts';

const CHANNEL = 'sessions.revoked';
/** Ids that may come on the channel: anything else must not fill the memory. */
const ID = /^(session|apikey)_[0-9a-z]{26}$/;

/** Events that end a session or a key, whose id is that of the aggregate. */
export const ENDINGS: ReadonlySet<string> = new Set(['identity.session_revoked', 'identity.api_key_revoked']);

/** For a process that hosts identity: broadcasts each session or key that ends here. */
export function announceRevocations(host: Pick<Host, 'onPublished'>, broadcast: Broadcast): void {
  host.onPublished((event) => {
    if (ENDINGS.has(event.type)) void broadcast.publish(CHANNEL, event.aggregateId);
  });
}

/** For a gateway: refuses the sessions and keys that are broadcast. Returns a function that stops it. */
export const heedRevocations = (revocations: Revocations, broadcast: Broadcast): (() => void) =>
  broadcast.subscribe(CHANNEL, (id) => {
    if (ID.test(id)) revocations.revoke(id);
  });
