/** For the permission walk: an agent and a consumer. Sagas are listed by the rooms whose commands begin them. */
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';

export const world: RoomWorld = {
  ofHouse: async () => [
    { type: 'Agent', id: 'order', of: 'nobody', seenWith: [] },
    { type: 'Consumer', id: 'notification', of: 'nobody', seenWith: [] },
  ],

  // A subscription to a saga begins with all its past events; its cursors are its own.
  subscriptionsWithOwnCursors: ['sagaUpdated'],
};
