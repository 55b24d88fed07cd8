/** For the permission walk: an agent and a consumer. Sagas are made by whose command began them. */
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';

export const world: RoomWorld = {
  ofHouse: async () => [
    { type: 'Agent', id: 'order', of: 'nobody', seenWith: [] },
    { type: 'Consumer', id: 'notification', of: 'nobody', seenWith: [] },
  ],

  // A saga tells all that happened to it without being asked; its cursors are its own.
  subscriptionsWithOwnCursors: ['sagaUpdated'],
};
