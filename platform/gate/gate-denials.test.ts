import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { ANONYMOUS, type Actor } from '../identity/actor.ts';
import { metricsText } from '../telemetry/metrics.ts';
import { actorWith, gateOf } from './compose.testing.ts';
import { gateLog } from './gate-log.ts';
import type { Denial } from './rules.ts';

const SDL = `
  type Query { free: Int @public mine: Int @authenticated costs: Costs @public }
  type Mutation { pay: Int @requiresScopes(scopes: [["payment:write"]]) }
  type Costs @public { of: Int @requiresScopes(scopes: [["order:read"]]) }
`;
const told: Denial[] = [];
const { gate } = gateOf(SDL, { onDenied: (denial) => told.push(denial) });
const check = (query: string, actor: Actor, more: { isAgain?: boolean } = {}) =>
  gate.check({ document: parse(query), actor, correlationId: 'req_1', ...more });

const denials = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    [...(await metricsText()).text.matchAll(/^agora_denials_total\{caller="(\w+)"\} (\d+)$/gm)].map(
      ([, caller, count]) => [caller!, Number(count)],
    ),
  );

test('a denial is reported with its fields and the request, and counted as signed in or anonymous', async () => {
  const before = await denials();
  await check('{ free costs { a: of b: of } }', actorWith());
  await check('mutation { pay }', ANONYMOUS);
  await check('{ free }', ANONYMOUS);
  expect(told.map(({ coordinates, actor, correlationId }) => [coordinates, actor.id, correlationId])).toEqual([
    [['Costs.of'], 'user_1', 'req_1'],
    [['Mutation.pay'], 'anonymous', 'req_1'],
  ]);
  expect(await denials()).toEqual({ signed_in: before.signed_in! + 2, anonymous: before.anonymous! + 1 });
});

test('a denial that is checked again for an event of an open subscription is reported and counted once', async () => {
  const before = [told.length, await denials()];
  expect((await check('{ mine }', ANONYMOUS, { isAgain: true })).kind).toBe('pruned');
  expect([told.length, await denials()]).toEqual(before);
});

test('denials of a signed-in actor are logged with their id, those of anonymous actors on level debug', async () => {
  const lines: unknown[][] = [];
  const level = (name: string) => (fields: unknown, text: unknown) => void lines.push([name, fields, text]);
  const log = { debug: level('debug'), info: level('info'), error: level('error') };
  const { gate: logged } = gateOf(SDL, gateLog(log as never));
  for (const actor of [actorWith({ roles: ['VIEWER'] }), ANONYMOUS])
    await logged.check({ document: parse('mutation { pay }'), variables: { note: 'secret' }, actor });
  const text = 'the gate denied something';
  const coordinates = ['Mutation.pay'];
  expect(lines).toEqual([
    ['info', { coordinates, actorId: 'user_1', roles: ['VIEWER'], correlationId: undefined }, text],
    ['debug', { coordinates, actorId: 'anonymous', roles: [], correlationId: undefined }, text],
  ]);
});

test('a denied field with the alias `__proto__` becomes null in the answer, and no prototype is changed', async () => {
  const verdict = await check('{ free __proto__: costs { polluted: of } b: costs { __proto__: of } }', actorWith());
  if (verdict.kind !== 'pruned') throw new Error(verdict.kind);
  const { data } = verdict.finish({ data: { free: 1, b: {} } });
  expect(JSON.stringify(data)).toBe('{"free":1,"b":{"__proto__":null}}');
  expect(Object.prototype).not.toHaveProperty('polluted');
});
