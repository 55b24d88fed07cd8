/** The shop of shop.ts over agents in processes, without a gateway: each root field is asked of the agent that owns it. */
import type { Agora } from './agent-process.ts';
import { admin } from './agents.ts';
import type { TestPlatform } from './platform.ts';
import { untilAnswer } from './until.ts';

const OWNER: [RegExp, string][] = [
  [/createProduct|publishProduct/, 'product'],
  [/setPrice/, 'pricing'],
  [/createLocation|adjustStock/, 'inventory'],
  [/placeOrder|order/, 'order'],
];

/** The part of a platform that `forSale` and `placed` need. */
export const agentShop = (agora: Agora): TestPlatform => {
  const ask: TestPlatform['ask'] = async (query, variables = {}, as = admin) => {
    const [, agent] = OWNER.find(([fields]) => fields.test(query))!;
    return { ...(await agora.ask(agent, query, variables, as)), status: 200 } as never;
  };
  return { ask, kysely: agora.database.kysely } as TestPlatform;
};

/** The status of an order, as its agent tells it. */
export const statusOf = async (agora: Agora, id: string): Promise<string> =>
  (await agora.ask('order', 'query ($id: ID) { order(id: $id) { status } }', { id }, admin)).data.order.status;

/** Waits until an order is in this state. @throws Error when the patience ends */
export const becomes = (agora: Agora, id: string, status: string): Promise<string> =>
  untilAnswer(
    () => statusOf(agora, id),
    (now) => now === status,
    `the order does not become ${status}`,
  );
