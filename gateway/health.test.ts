import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentCard } from '../platform/agent/agent-card.ts';
import { defineAgent } from '../platform/agent/define-agent.ts';
import { startGateway } from './gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
const world = { status: 'UP' };
const agents = ['order', 'payment'].map((name) =>
  defineAgent({
    name,
    area: 'commerce',
    title: name,
    description: name,
    skills: [{ id: 'place', name: 'Place', description: 'Places.' }],
    at: import.meta.url,
    entities: [],
    emits: [],
    build: () => ({ resolvers: {} }),
  }),
);

beforeAll(async () => {
  it = await startGateway({
    health: {
      detailed: async () => ({ status: 'said', degradation: 4, agents: [] }),
      dependency: async (name) => (name === 'agent:order line' ? { name, status: world.status } : undefined),
    },
    agentCard: (url) => agentCard(agents, url),
  });
  it.world.isReady = true;
});
afterAll(() => it.gateway.close());

const get = async (path: string) => {
  const response = await fetch(`${it.url}${path}`);
  return { status: response.status, body: await response.json() };
};

describe('health', () => {
  test('in depth includes the readiness', async () => {
    expect(await get('/health/detailed')).toEqual({
      status: 200,
      body: { status: 'ready', degradation: 4, agents: [] },
    });
    it.world.isReady = false;
    expect(await get('/health/detailed')).toMatchObject({ status: 503, body: { status: 'not ready' } });
    expect((await get('/health')).status).toBe(200);
    it.world.isReady = true;
  });

  test('of one dependency is 503 when that is down, and 404 when its name is unknown', async () => {
    const path = `/health/${encodeURIComponent('agent:order line')}`;
    expect(await get(path)).toEqual({ status: 200, body: { name: 'agent:order line', status: 'UP' } });
    world.status = 'DOWN';
    expect((await get(path)).status).toBe(503);
    for (const none of ['/health/nothing', '/health/', '/health/%E0%A4%A', '/healthy'])
      expect((await get(none)).status).toBe(404);
  });
});

test('the agent card names the address that was asked, and every skill of every agent once, as A2A 1.0 has it', async () => {
  const { status, body } = (await get('/.well-known/agent-card.json')) as { status: number; body: any };
  expect(status).toBe(200);
  expect(body.supportedInterfaces).toEqual([
    { url: `${it.url}/graphql`, protocolBinding: 'GRAPHQL', protocolVersion: '1.0' },
  ]);
  // Required by the specification's AgentCard and AgentSkill.
  for (const field of ['name', 'description', 'version', 'capabilities', 'defaultInputModes', 'defaultOutputModes'])
    expect(body[field]).toBeTruthy();
  expect(body).not.toHaveProperty('url');
  expect(body.skills).toEqual([
    { id: 'order.place', name: 'Place', description: 'Places.', tags: ['order', 'commerce'] },
    { id: 'payment.place', name: 'Place', description: 'Places.', tags: ['payment', 'commerce'] },
  ]);
});
