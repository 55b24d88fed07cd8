/** The registry of agents as operators see it, and their control of circuit breakers and agents. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { actor, operator, viewer } from '../../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../../tests/support/platform.ts';
import { done } from '../../../tests/support/shop.ts';
import { untilAnswer } from '../../../tests/support/until.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const RESET = `mutation ($input: ResetBreakerInput!) { resetBreaker(input: $input) {
  agent { id breakers { name state } } userErrors { code path } } }`;
const reset = (input: object, as = operator) =>
  shop.ask(RESET, { input: { agentId: 'order', name: 'agent:inventory', reason: 'it is well again', ...input } }, as);

describe('an agent', () => {
  test('lists its dependencies, the database first, each with its circuit breaker', async () => {
    const query = `{ agent(id: "order") { status isAlive errorCount lastError
      dependencies { name status latencyMs breaker lastError pool { total } }
      breakers { name state failures lastError openedAt } } }`;
    const told = await untilAnswer(
      async () => (await done(shop.ask(query, {}, viewer))).agent,
      (agent) => agent.dependencies[0]?.latencyMs != null,
      'the database is not looked at',
    );
    expect(told).toMatchObject({ status: 'RUNNING', isAlive: true });
    expect(told.dependencies[0]).toMatchObject({ name: 'database', status: 'UP', pool: { total: expect.any(Number) } });
    const names = told.dependencies.slice(1).map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['agent:inventory', 'agent:pricing']));
    expect(told.breakers.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(names));
  });

  test('without a heartbeat for thirty seconds has FAILED and is not alive', async () => {
    await sql`update platform.agent set heartbeat_at = now() - interval '31 seconds', process = 'dead' where name = 'customer'`.execute(
      shop.kysely,
    );
    const { agent } = await done(shop.ask('{ agent(id: "customer") { status degradation isAlive } }', {}, viewer));
    expect(agent).toEqual({ status: 'FAILED', degradation: 4, isAlive: false });
  });

  test('is found by its capabilities', async () => {
    const query = 'query ($capability: String) { agents(capability: $capability) { id } }';
    const found = async (capability: string) =>
      (await done(shop.ask(query, { capability }, viewer))).agents.map(({ id }: { id: string }) => id);
    expect(await found('TAKE-pay')).toEqual(['payment']);
    expect(await found('fly to the moon')).toEqual([]);
  });
});

describe('a circuit breaker', () => {
  test('is reset by an operator, which stays in the audit for ever', async () => {
    const { resetBreaker } = await done(reset({}));
    expect(resetBreaker.userErrors).toEqual([]);
    expect(resetBreaker.agent.id).toBe('order');
    const { rows } =
      await sql<object>`select agent, breaker, requested_by, reason from orchestration.breaker_reset`.execute(
        shop.kysely,
      );
    expect(rows).toEqual([
      { agent: 'order', breaker: 'agent:inventory', requested_by: operator.id, reason: 'it is well again' },
    ]);
    await expect(sql`delete from orchestration.breaker_reset`.execute(shop.kysely)).rejects.toThrow('append-only');
    const events = await sql<{
      payload: object;
    }>`select payload from platform.event_log where type = 'agent.breaker_reset'`.execute(shop.kysely);
    expect(events.rows).toEqual([{ payload: { agentId: 'order', name: 'agent:inventory', requestedBy: operator.id } }]);
  });

  test.each([
    ['of an agent that there is not', { agentId: 'nobody' }, 'NOT_FOUND', ['input', 'agentId']],
    ['that the agent does not have', { name: 'agent:nobody' }, 'NOT_FOUND', ['input', 'name']],
    ['without a reason', { reason: ' ' }, 'INVALID_INPUT', ['input', 'reason']],
    ['for a reason that is a book', { reason: 'x'.repeat(501) }, 'INVALID_INPUT', ['input', 'reason']],
  ])('%s is not reset', async (_, input, code, path) => {
    expect((await reset(input)).data.resetBreaker).toEqual({ agent: null, userErrors: [{ code, path }] });
  });

  test('is not reset by viewers or customers', async () => {
    for (const as of [viewer, actor({ roles: ['CUSTOMER'] })])
      expect((await reset({}, as)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });
});

describe('a group of agents', () => {
  const INSTRUCT = `mutation ($input: InstructAgentsInput!) { instructAgents(input: $input) {
    agents { id area } userErrors { code path } } }`;
  const instruct = (input: object, as = operator) =>
    shop.ask(INSTRUCT, { input: { instruction: 'REPORT_HEALTH', reason: 'who is there?', ...input } }, as);
  const reported = async (): Promise<string[]> => {
    const { rows } = await sql<{ agent: string }>`select distinct payload ->> 'agentId' as agent
      from platform.event_log where type = 'agent.health_reported' order by 1`.execute(shop.kysely);
    return rows.map(({ agent }) => agent);
  };

  test('follows an instruction, and no other agent does; the answer lists the group, and the audit keeps the reason', async () => {
    const { instructAgents } = await done(instruct({ area: 'SYSTEM' }));
    expect(instructAgents.userErrors).toEqual([]);
    const told = instructAgents.agents.map(({ id }: { id: string }) => id).sort();
    expect(told).toEqual(expect.arrayContaining(['identity', 'orchestration']));
    expect(new Set(instructAgents.agents.map(({ area }: { area: string }) => area))).toEqual(new Set(['SYSTEM']));
    await untilAnswer(reported, (names) => names.length === told.length, 'they do not report');
    expect(await reported()).toEqual(told);
    const { rows } = await sql<object>`select area, instruction, requested_by, reason
      from orchestration.agent_instruction`.execute(shop.kysely);
    expect(rows).toEqual([
      { area: 'system', instruction: 'REPORT_HEALTH', requested_by: operator.id, reason: 'who is there?' },
    ]);
    await expect(sql`delete from orchestration.agent_instruction`.execute(shop.kysely)).rejects.toThrow('append-only');
  });

  test('gets no instruction without a reason, nor from viewers', async () => {
    expect((await instruct({ reason: ' ' })).data.instructAgents).toEqual({
      agents: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'reason'] }],
    });
    expect((await instruct({}, viewer)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });
});
