/**
 * A session that was ended is told to every gateway, which refuses its tokens at once. A broadcast may be lost: the
 * table of identity decides, and what it says of late is asked for again and again.
 */
import type { Revocations } from '../gateway/revocations.ts';
import type { Host } from '../platform/agent/host.ts';
import type { Broadcast } from '../platform/cluster/broadcast.ts';

const CHANNEL = 'sessions.revoked';
/** Whatever else comes on the channel must not fill the memory. */
const SESSION_ID = /^session_[0-9a-z]{26}$/;

/** For a process that hosts identity: tells of each session that ends here. */
export function announceRevocations(host: Pick<Host, 'onPublished'>, broadcast: Broadcast): void {
  host.onPublished((event) => {
    if (event.type === 'identity.session_revoked') void broadcast.publish(CHANNEL, event.aggregateId);
  });
}

/** For a gateway: refuses what is told. Call what is returned to stop. */
export const heedRevocations = (revocations: Revocations, broadcast: Broadcast): (() => void) =>
  broadcast.subscribe(CHANNEL, (sessionId) => {
    if (SESSION_ID.test(sessionId)) revocations.revoke(sessionId);
  });
