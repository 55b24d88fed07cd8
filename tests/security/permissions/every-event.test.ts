/**
 * Permissions of live updates, over the whole graph as it is composed now: every subscription, opened by every asker
 * from the beginning of the log, for their own things, for others', and for all that there are.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSchema, getNamedType, type GraphQLInputType } from 'graphql';
import { encodeCursor } from '../../../platform/events/cursor.ts';
import { logIdentity } from '../../../platform/events/event-log.ts';
import { loadRooms } from '../../../tools/codegen/rooms.ts';
import { composeContract } from '../../../tools/schema/contract.ts';
import { type EmbeddedPlatform, openEmbedded, type Watch } from '../../support/platform.ts';
import { withoutRowSecurity } from '../../support/without-row-security.ts';
import { type Asking, askings, knownIn } from './asked.ts';
import { declarations, passes } from './oracle.ts';
import { exceptions } from './room-worlds.ts';
import { callOf, head } from './samples.ts';
import { everythingOf } from './selections.ts';
import { type Asker, sees, unknownTo } from './things.ts';
import { makeWorld, type World } from './world.ts';

const contract = composeContract(loadRooms());
const schema = buildSchema(contract.api, { assumeValid: true });
const declared = declarations(contract.outputs[0]!.text!);

let shop: EmbeddedPlatform;
let world: World;
let beginning: string;
beforeAll(async () => {
  shop = await openEmbedded();
  await withoutRowSecurity(shop.kysely);
  world = await makeWorld(shop);
  const { generation, oldestXid } = await logIdentity(shop.kysely);
  beginning = encodeCursor({ xid: oldestXid, position: '0' }, generation);
});
afterAll(() => shop?.close());

const HAS_OWN_CURSORS = exceptions('subscriptionsWithOwnCursors');

const isOpen = (who: Asker, { field }: Asking): boolean =>
  passes(who, declared.get(`Subscription.${field.name}`)) && passes(who, declared.get(getNamedType(field.type).name));

function open(one: Asking, who: Asker): Watch {
  const known = (name: string, type: GraphQLInputType): unknown =>
    name === 'after' && !HAS_OWN_CURSORS.includes(one.field.name) ? beginning : knownIn(one)(name, type);
  const call = callOf(one.field, 'a', known);
  const everything = everythingOf(schema, getNamedType(one.field.type), 2);
  const query = `${head('subscription', [...call.declared, ...everything.declared])} { told: ${call.text} ${everything.text} }`;
  return shop.watch(query, { ...call.variables, ...everything.variables }, who.actor);
}

test('a subscription tells each asker what they may see, and nothing else', async () => {
  const all = askings(schema, schema.getSubscriptionType()!, world.things);
  expect(new Set(all.map(({ field }) => field.name))).toEqual(
    new Set(Object.keys(schema.getSubscriptionType()!.getFields())),
  );
  const opened = all.flatMap((one) => world.askers.map((who) => ({ one, who, watch: open(one, who) })));
  try {
    // Askers who are to be told something wait for it; by then the others have been told what they should not be.
    for (const { one, who, watch } of opened)
      if (one.naming && isOpen(who, one) && sees(who, one.naming.thing))
        await watch.until((events) => events.length > 0);
    const orders = world.things.filter(({ type }) => type === 'Order');
    for (const { one, who, watch } of opened) {
      if (one.naming || one.field.name !== 'orderUpdated' || !isOpen(who, one)) continue;
      for (const order of orders.filter((thing) => sees(who, thing)))
        await watch.until((events) => JSON.stringify(events).includes(order.id));
    }
    const wrong: string[] = [];
    for (const { one, who, watch } of opened) {
      const what = `${who.name} subscribes to ${one.field.name}${one.naming ? ` with ${one.naming.arg} of ${JSON.stringify(one.naming.thing.of)}` : ''}`;
      const data = JSON.stringify(watch.events.map((event) => event.data ?? null));
      for (const secret of unknownTo(who, world.things))
        if (data.includes(secret)) wrong.push(`${what}: is told ${secret}`);
      const mayBeTold = isOpen(who, one) && (!one.naming || sees(who, one.naming.thing));
      if (!mayBeTold && watch.events.some((event) => event.data)) wrong.push(`${what}: is told of it`);
    }
    expect(wrong).toEqual([]);
  } finally {
    await Promise.all(opened.map(({ watch }) => watch.stop()));
  }
});
