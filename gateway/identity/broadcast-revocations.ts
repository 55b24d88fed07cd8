/**
 * A session that was ended, or an API key that was revoked, is told to every gateway, which refuses it at once. A broadcast may be lost: the
 * table of identity decides, and what it says of late is asked for again and again.
 */
import type { Revocations } from './revocations.ts';
import type { Host } from '../../platform/agent/host.ts';
import type { Broadcast } from '../../platform/cluster/broadcast.ts';

const CHANNEL = 'sessions.revoked';
/** Whatever else comes on the channel must not fill the memory. */
const ID = /^(session|apikey)_[0-9a-z]{26}$/;

/** What ends the right to ask, by the id of its aggregate. */
export const ENDINGS: ReadonlySet<string> = new Set(['identity.session_revoked', 'identity.api_key_revoked']);

/** For a process that hosts identity: tells of each session or key that ends here. */
export function announceRevocations(host: Pick<Host, 'onPublished'>, broadcast: Broadcast): void {
  host.onPublished((event) => {
    if (ENDINGS.has(event.type)) void broadcast.publish(CHANNEL, event.aggregateId);
  });
}

/** For a gateway: refuses what is told. Call what is returned to stop. */
export const heedRevocations = (revocations: Revocations, broadcast: Broadcast): (() => void) =>
  broadcast.subscribe(CHANNEL, (id) => {
    if (ID.test(id)) revocations.revoke(id);
  });
