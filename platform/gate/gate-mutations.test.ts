import { describe, expect, test } from '@jest/globals';
import { actorWith, gateOf, runThroughGate } from './compose.testing.ts';

const SDL = `
  type Query { ping: String @public }
  type Mutation { pay: Paid @authenticated note: String @public vip: String @policy(policies: [["vip"]]) }
  type Subscription { paid: Paid @authenticated }
  type Paid @public { id: ID! fee: Int @requiresScopes(scopes: [["payment:read"]]) }
`;

describe('the gate on mutations and subscriptions', () => {
  test('refuses the whole operation for one denied root field: its permitted sibling does not run', async () => {
    const calls: string[] = [];
    const data = { note: () => calls.push('note'), pay: () => calls.push('pay') };
    const { kind, result } = await runThroughGate(gateOf(SDL), 'mutation { note pay { id } }', { data });
    expect(kind).toBe('refused');
    expect(calls).toEqual([]);
    expect(result.data).toBeNull();
    expect(result.errors!.map((error) => [error.path, error.extensions.code])).toEqual([[['pay'], 'UNAUTHENTICATED']]);
  });

  test('runs a mutation whose denied field lies deeper, without that field', async () => {
    const data = { pay: { id: 'x', fee: 3 } };
    const { result } = await runThroughGate(gateOf(SDL), 'mutation { pay { id fee } }', { data, actor: actorWith() });
    expect(result.data).toEqual({ pay: { id: 'x', fee: null } });
  });

  test('does not refuse for a denied root field that is skipped', async () => {
    const { kind } = await runThroughGate(gateOf(SDL), 'mutation { note pay @skip(if: true) { id } }', { data: {} });
    expect(kind).toBe('allowed');
  });

  test('refuses a denied subscription', async () => {
    const { kind } = await runThroughGate(gateOf(SDL), 'subscription { paid { id } }');
    expect(kind).toBe('refused');
  });

  test('denies by an unregistered policy, and asks a registered one', async () => {
    const without = await runThroughGate(gateOf(SDL), 'mutation { vip }', { actor: actorWith() });
    expect(without.kind).toBe('refused');
    const withPolicy = gateOf(SDL, { policies: { vip: (actor) => actor.id === 'user_1' } });
    expect((await runThroughGate(withPolicy, 'mutation { vip }', { actor: actorWith() })).kind).toBe('allowed');
    expect((await runThroughGate(withPolicy, 'mutation { vip }', { actor: actorWith({ id: 'other' }) })).kind).toBe(
      'refused',
    );
  });

  test('denies with FORBIDDEN when a rule throws, and reports its error', async () => {
    const reported: unknown[] = [];
    const crash = new Error('the policy crashed');
    const gate = gateOf(SDL, {
      policies: { vip: () => Promise.reject(crash) },
      onError: (error, rule) => reported.push([error, rule]),
    });
    const { kind, result } = await runThroughGate(gate, 'mutation { vip }', { actor: actorWith() });
    expect(kind).toBe('refused');
    expect(result.errors!.map((error) => error.extensions.code)).toEqual(['FORBIDDEN']);
    expect(JSON.stringify(result)).not.toContain('crashed');
    expect(reported).toEqual([[crash, 'policy:vip']]);
  });

  test('caches nothing between two checks: a revoked permission is gone at once', async () => {
    let isVip = true;
    const gate = gateOf(SDL, { policies: { vip: () => isVip } });
    const actor = actorWith();
    expect((await runThroughGate(gate, 'mutation { vip }', { actor })).kind).toBe('allowed');
    isVip = false;
    expect((await runThroughGate(gate, 'mutation { vip }', { actor })).kind).toBe('refused');
  });
});
