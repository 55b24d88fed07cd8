/** Processes of earlier releases, which may run beside this one, find the merchant of a key by their own statements. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { secondFactorsOf } from '../second-factor/second-factor.testing.ts';

let agents: TestAgents;
let it: ReturnType<typeof secondFactorsOf>;
let keyId: string;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  it = secondFactorsOf(agents);
  const maker = await it.client.staff('MERCHANT');
  keyId = (await it.client.mutate('createApiKey', { name: 'key', scopes: ['product:write'] }, 'apiKey { id }', maker))
    .apiKey.id;
  await it.rows(`update identity.account set merchant_id = 'merchant_b' where id = $1`, [maker.id]);
});
afterAll(() => agents.close());

test.each([
  ['without a table it is the maker’s', `"merchant_id"`, 'merchant_b'],
  ['by the table of accounts it is the maker’s', `"identity"."account"."merchant_id"`, 'merchant_b'],
  ['by the table of keys it is the one that the key was made for', `"identity"."api_key"."merchant_id"`, 'merchant_a'],
])('%s', async (_, column, merchantId) => {
  const found = await it.rows(
    `select ${column} as found from "identity"."api_key"
       inner join "identity"."account" on "identity"."account"."id" = "identity"."api_key"."user_id"
      where "identity"."api_key"."id" = $1`,
    [keyId],
  );
  expect(found).toEqual([{ found: merchantId }]);
});
