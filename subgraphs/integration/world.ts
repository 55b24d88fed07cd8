/** For the permission walk (tests/security/permissions): an endpoint of each merchant and one of the house, each with a delivery. */
import { newId } from '../../platform/ids.ts';
import type { RoomWorld, Walk } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';
import type { Actor } from '../../platform/identity/actor.ts';

const CREATE = `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
  endpoint { id } secret userErrors { message } } }`;
const TEST =
  'mutation ($input: SendTestWebhookInput!) { sendTestWebhook(input: $input) { delivery { id } userErrors { message } } }';
const READ = ['integration:read'];

async function endpoint({ tell, unique }: Walk, as: Actor, of: Thing['of']): Promise<Thing[]> {
  const description = unique('endpoint');
  // Nobody listens there, so what is sent fails at once.
  const input = {
    url: 'http://127.0.0.1:9/hook',
    description,
    eventTypes: ['product.*'],
    idempotencyKey: newId('key'),
  };
  const made = (await tell(CREATE, input, as)).createWebhookEndpoint;
  const { id } = made.endpoint;
  const { delivery } = (await tell(TEST, { endpointId: id, idempotencyKey: newId('key') }, as)).sendTestWebhook;
  const secrets = [id, description].map((text: string) => ({ text, knownWith: READ }));
  return [
    { type: 'WebhookEndpoint', id, of, seenWith: READ, secrets: [...secrets, { text: made.secret, knownWith: [] }] },
    {
      type: 'OutboundDelivery',
      id: delivery.id,
      of,
      seenWith: READ,
      secrets: [{ text: delivery.id, knownWith: READ }],
    },
  ];
}

export const world: RoomWorld = {
  grants: { MERCHANT: ['write'] },
  // No claim of a token makes an asker its owner: staff alone see it.
  ofHouse: (walk) => endpoint(walk, walk.admin, {}),
  ofMerchant: (walk, { who, of }) => endpoint(walk, who.actor!, of),
};
