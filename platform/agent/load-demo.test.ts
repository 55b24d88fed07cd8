import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { silentLogger } from '../log.ts';
import type { AgentDefinition, AgentParts } from './define-agent.ts';
import { loadDemo } from './load-demo.ts';

let small: SmallAgent;
let loaded: string[];
let lines: string[];

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  [loaded, lines] = [[], []];
  await small.database.pool.query('truncate platform.demo_load');
});

/** An agent whose demo data builds on that of these others; without them, one that has none. */
const agent = (name: string, after?: string[], fails?: () => boolean) => ({
  definition: { name } as AgentDefinition,
  parts: {
    resolvers: {},
    demo: after && {
      after,
      load: async () => {
        if (fails?.()) throw new Error(`${name} failed`);
        loaded.push(name);
      },
    },
  } as AgentParts,
});

const load = (agents: ReturnType<typeof agent>[]): Promise<string[]> =>
  loadDemo({ kysely: small.kysely, log: silentLogger, report: (line) => lines.push(line), agents });

test('the demo data of each agent is loaded after those it builds on, and reported', async () => {
  await load([
    agent('order', ['pricing', 'customer']),
    agent('pricing', ['product']),
    agent('customer', []),
    agent('product', []),
  ]);
  expect(loaded).toHaveLength(4);
  const at = (name: string): number => loaded.indexOf(name);
  expect([at('order') > at('pricing'), at('order') > at('customer'), at('pricing') > at('product')]).toEqual([
    true,
    true,
    true,
  ]);
  expect(lines).toEqual(loaded.map((name) => expect.stringMatching(new RegExp(`^${name}: demo data in \\d+ ms$`))));
});

test('an agent without demo data, or in another process, is not waited for', async () => {
  await load([agent('order', ['search', 'elsewhere']), agent('search')]);
  expect(loaded).toEqual(['order']);
});

test('demo data is not loaded twice', async () => {
  const agents = [agent('pricing', ['product']), agent('product', [])];
  await load(agents);
  await load([...agents, agent('review', ['product'])]);
  expect(loaded).toEqual(['product', 'pricing', 'review']);
});

test('a failed load stops the loading, and the next attempt resumes there', async () => {
  let isBroken = true;
  const agents = [agent('product', []), agent('pricing', ['product'], () => isBroken), agent('order', ['pricing'])];
  await expect(load(agents)).rejects.toThrow('pricing failed');
  isBroken = false;
  await load(agents);
  expect(loaded).toEqual(['product', 'pricing', 'order']);
});

test('agents whose demo data form a cycle are named, after the others are loaded', async () => {
  await expect(load([agent('a', ['b']), agent('b', ['a']), agent('c', [])])).rejects.toThrow(
    'the demo data of a, b wait for one another',
  );
  expect(loaded).toEqual(['c']);
});
