/** Processes that are given nothing but their agents' own roles: none of them could read another agent's tables. */
import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Tokens, tokensFrom } from '../../platform/identity/tokens.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import type { TestPlatform } from '../support/platform.ts';
import { type TestRoles, testRoles } from '../support/roles.ts';
import { forSale, newCustomer, placed, sagaEnds, settled } from '../support/shop.ts';

let agora: Agora;
let roles: TestRoles;
let gateway: GatewayProcess;
let tokens: Tokens;
beforeAll(async () => {
  agora = await openAgora();
  const names = (await loadAgents()).map(({ name }) => name);
  roles = await testRoles(agora.database.url, names);
  const { REQUEST_KEYS, TOKEN_KEY } = agora.env as Record<string, string>;
  tokens = tokensFrom(TOKEN_KEY!);
  const TOKEN_PUBLIC_KEY = createPublicKey(TOKEN_KEY!).export({ type: 'spki', format: 'pem' }) as string;
  // An empty variable counts as absent.
  const only = (agents: readonly string[]) => ({
    DATABASE_URL: '',
    ...Object.fromEntries(
      agents.map((agent) => [`DATABASE_URL_${agent.toUpperCase()}`, roles.env[`DATABASE_URL_${agent.toUpperCase()}`]!]),
    ),
  });
  const others = names.filter((name) => name !== 'orchestration' && name !== 'payment');
  const groups = [others, ['payment'], ['orchestration']];
  const starting = Promise.all(groups.map((group) => agora.start(group, only(group))));
  gateway = await startGatewayProcess({ ...only(['gateway']), REQUEST_KEYS: REQUEST_KEYS!, TOKEN_PUBLIC_KEY });
  await starting;
}, 150_000);
afterAll(async () => {
  await gateway?.end('SIGKILL');
  await roles?.end();
  await agora?.close();
  await roles?.drop();
});

test('an order is placed, paid for and carried to its end', async () => {
  const shop = {
    kysely: agora.database.kysely,
    ask: async (query, variables, as) =>
      gateway.ask(query, variables, as && (await tokens.sign(as.claims(), 900, new Date())).token),
  } as Pick<TestPlatform, 'kysely' | 'ask'> as TestPlatform;
  await allAreServed();
  const variantId = await forSale(shop, { stock: 5 });
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, newCustomer());
  await settled(shop, order.id, 'PROCESSING');
  await sagaEnds(shop, order.id, 'COMPLETED');
  const { rows } = await agora.database.pool.query(
    `select count(*)::int as n from pg_stat_activity where datname = current_database()
        and application_name like 'agora%' and application_name <> 'agora test'
        and not starts_with(usename, $1)`,
    [roles.prefix],
  );
  expect(rows).toEqual([{ n: 0 }]);
}, 60_000);

/** Waits until the gateway has found every agent. */
async function allAreServed(): Promise<void> {
  const end = Date.now() + 30_000;
  for (const { name } of await loadAgents()) {
    while ((await fetch(`${gateway.url}/health/${encodeURIComponent(`agent:${name}`)}`)).status !== 200) {
      if (Date.now() > end) throw new Error(`the gateway does not find ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
