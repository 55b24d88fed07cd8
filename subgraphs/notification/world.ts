/** For the permission walk: a customer's message about an order. */
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import { untilAnswer } from '../../tests/support/until.ts';

const PERSONAL = ['notification:personal'];

export const world: RoomWorld = {
  after: ['order'],

  async ofCustomer({ ask }, { who, of }) {
    const messages = await untilAnswer(
      async () => (await ask('{ inbox { nodes { id } } }', {}, who.actor)).inbox.nodes as { id: string }[],
      (nodes) => nodes.length > 0,
      'no message comes',
    );
    return messages.map(({ id }) => {
      const secrets = [{ text: id, knownWith: PERSONAL }];
      return { type: 'Message', id, of, seenWith: PERSONAL, secrets };
    });
  },

  // An inbox lists the caller's own messages, also if the caller may see others.
  listsOfOwn: ['inbox'],
  // The walk's messages are sent: it has no quiet hours.
  listsOfSome: ['scheduledMessages'],
};
