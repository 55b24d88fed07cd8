/**
 * Two customers, a guest, two merchants, and one of everything for each: each room makes its things, by its `world.ts`.
 */
import { newId } from '../../../platform/ids.ts';
import { admin } from '../../support/agents.ts';
import type { EmbeddedPlatform } from '../../support/platform.ts';
import { done } from '../../support/shop.ts';
import { untilAnswer } from '../../support/until.ts';
import type { Person, RoomWorld, Walk } from './room-world.ts';
import { ROOM_WORLDS } from './room-worlds.ts';
import { asker, NOBODY, type Asker, type Thing } from './things.ts';

/** All things and all askers. */
export interface World {
  things: Thing[];
  askers: Asker[];
}

const unique = (what: string): string => `${what}-${newId('w').slice(-12)}`;

/** Makes the world. */
export async function makeWorld(shop: EmbeddedPlatform): Promise<World> {
  const things: Thing[] = [];
  const walk = walkOf(shop, things);
  const make = async (of: (world: RoomWorld) => Promise<Thing[]> | undefined): Promise<void> => {
    for (const world of ROOM_WORLDS.values()) things.push(...((await of(world)) ?? []));
  };
  await make((world) => world.ofHouse?.(walk));
  const merchants: Person[] = [];
  for (const name of ['M1', 'M2']) {
    const merchant = await signUp(walk, `Merchant ${name}`, name, (claims) =>
      asker(`merchant ${name}`, ['MERCHANT'], { ...claims, customerId: undefined, merchantId: newId('merchant') }),
    );
    merchants.push(merchant);
    await make((world) => world.ofMerchant?.(walk, merchant));
  }
  const buyers: Person[] = [];
  for (const name of ['A', 'B']) {
    const customer = await signUp(walk, `Name ${name}`, name, (claims) =>
      asker(`customer ${name}`, ['CUSTOMER'], claims),
    );
    buyers.push(customer);
    await make((world) => world.ofCustomer?.(walk, customer));
  }
  const guest: Person = { who: NOBODY, of: {}, fullName: unique('Guest'), email: `${unique('guest')}@example.com` };
  await make((world) => world.ofGuest?.(walk, guest));
  buyers.push(guest);
  return {
    things,
    askers: [
      NOBODY,
      ...buyers.map(({ who }) => who),
      ...merchants.map(({ who }) => who),
      asker('a merchant without a merchant', ['MERCHANT']),
      asker('a customer without a profile', ['CUSTOMER']),
      asker('a viewer', ['VIEWER']),
      asker('an operator', ['OPERATOR']),
      asker('an administrator', ['ADMIN']),
      asker('a key for orders', [], { scopes: ['order:read'] }),
      asker('a key for customers', [], { scopes: ['customer:personal'] }),
    ],
  };
}

function walkOf(shop: EmbeddedPlatform, things: readonly Thing[]): Walk {
  const ask: Walk['ask'] = (text, variables, as) => done(shop.ask(text, { ...variables }, as));
  return {
    shop,
    things,
    admin,
    unique,
    ask,
    tell: (text, input, as) => ask(text, { input }, as),
    thingsOf: ({ of }, type) =>
      things.filter((thing) => thing.type === type && (thing.of === of || thing.keptBy === of)),
    async sagaEnds(id) {
      await untilAnswer(
        async () => (await ask('query ($id: ID!) { saga(id: $id) { status } }', { id }, admin)).saga.status,
        (status) => status === 'COMPLETED',
        `the saga ${id} does not end`,
      );
    },
    guestOf(guest, orderId) {
      guest.of.order = orderId;
      guest.who = asker('the guest', ['GUEST'], { id: `guest:${orderId}`, orderId });
    },
  };
}

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) {
  accessToken userErrors { message } } }`;

/** Signs a person up. Their claims are those of their token. */
async function signUp(
  { shop, tell }: Walk,
  title: string,
  name: string,
  as: (claims: { id: string; customerId: string | undefined; sessionId: string | undefined }) => Asker,
): Promise<Person> {
  const [fullName, email] = [unique(title), `${unique(name.toLowerCase())}@example.com`];
  const { accessToken } = (
    await tell(SIGN_UP, { name: fullName, email, password: unique('walk the graph') }, undefined)
  ).signUp;
  const { id, customerId, sessionId } = (await shop.agents.tokens.verify(accessToken, new Date())).actor;
  const who = as({ id, customerId, sessionId });
  const { customerId: customer, merchantId: merchant } = who.actor!;
  const of = { user: id, ...(customer && { customer }), ...(merchant && { merchant }) };
  return { who, of, fullName, email };
}
