import { expect, test } from '@jest/globals';
import { openAgents } from '../../tests/support/agents.ts';
import { firstOrder } from './first-order.ts';

test('the first order can be placed: its buyer signs in, and its variant is in stock and has a price in euros', async () => {
  const agents = await openAgents(['identity', 'inventory', 'pricing', 'product']);
  try {
    await agents.host.loadDemo(() => {});
    const { email, password, variantId } = firstOrder;
    const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { user { email } } }';
    const signedIn = await agents.ask('identity', signIn, { input: { email, password } });
    expect(signedIn.data).toEqual({ signIn: { user: { email } } });
    const entity = (agent: string, selection: string) =>
      agents.ask(
        agent,
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ProductVariant { ${selection} } } }`,
        { of: [{ __typename: 'ProductVariant', id: variantId }] },
      );
    const stock = await entity('inventory', 'availability { available }');
    expect(stock.data._entities[0].availability.available).toBeGreaterThan(100);
    const priced = await entity('pricing', 'price(currency: "EUR") { currency }');
    expect(priced.data._entities[0].price).toEqual({ currency: 'EUR' });
  } finally {
    await agents.close();
  }
});
