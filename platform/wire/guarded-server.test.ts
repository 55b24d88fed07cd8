import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANONYMOUS, Actor, serviceActor } from '../identity/actor.ts';
import { GATEWAY } from './signed-request.ts';
import { remoteSmall, type ServedSmall, serveSmall } from './wire.testing.ts';

let it: ServedSmall;
beforeAll(async () => {
  it = await serveSmall();
});
afterAll(() => it.served.close());

/** Asks as a process of this name would, on an actor's behalf. */
async function askAs(sender: string, actor: Actor) {
  const { remote, transport } = remoteSmall(() => [it.replica], { sender });
  const before = it.world.callers.length;
  try {
    const { data, errors } = await remote.execute({ query: '{ own }' }, { actor, correlationId: 'req_1' });
    const own = (data as { own?: string } | undefined)?.own;
    return { own, code: errors?.[0]?.extensions.code, ran: it.world.callers.length - before };
  } finally {
    transport.close();
  }
}

test('a request of an agent on an actor’s behalf is checked by the decisions of the agent that is asked', async () => {
  expect(await askAs('order', ANONYMOUS)).toEqual({ own: undefined, code: 'UNAUTHENTICATED', ran: 0 });
  const user = new Actor({ id: 'user_1', roles: [] });
  expect(await askAs('order', user)).toEqual({ own: 'yours', code: undefined, ran: 1 });
  expect(await askAs('order', serviceActor('order'))).toEqual({ own: 'yours', code: undefined, ran: 1 });
});

test('a gateway’s fetch is not checked again, since it may be for a computation only', async () => {
  expect(await askAs(GATEWAY, ANONYMOUS)).toEqual({ own: 'yours', code: undefined, ran: 1 });
});
