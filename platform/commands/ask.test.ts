import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { Fault, NeverWorks, Unavailable } from '../errors.ts';
import { resolversOf } from '../graphql/resolvers.ts';
import { createSubgraph } from '../graphql/subgraph.ts';
import { typeDefsOf } from '../graphql/type-defs.ts';
import { Breakers } from '../resilience/breakers.ts';
import { accepted, command, createAsk, isNotUnderstood, type Reach } from './ask.ts';

const HELLO = command<{ hello: string }, object>('other', '{ hello }');

function asking(execute: NonNullable<ReturnType<Reach>>['execute'] | undefined) {
  const world = { calls: 0, execute };
  const breakers = new Breakers();
  const reach: Reach = (name) => {
    world.calls++;
    const answer = world.execute;
    return name === 'other' && answer ? { execute: answer } : undefined;
  };
  return { world, breakers, ask: () => createAsk('small', reach, breakers.of('small'))(HELLO, {}) };
}

const hello = async () => ({ data: { hello: 'you' } });

describe('an agent that gives no answer', () => {
  test.each([
    ['is nowhere', undefined],
    ['breaks the connection', () => Promise.reject(new Error('socket hang up'))],
  ])('because it %s is cut off after five failures, and asked again after an operator’s reset', async (_, execute) => {
    const { ask, world, breakers } = asking(execute);
    for (let n = 0; n < 9; n++) await ask().catch(() => {});
    expect(world.calls).toBe(5);
    await expect(ask()).rejects.toBeInstanceOf(Unavailable);
    world.execute = hello;
    breakers.reset('small', 'agent:other');
    expect(await ask()).toEqual({ hello: 'you' });
  });

  test('does not cut off the others', async () => {
    const breakers = new Breakers();
    const reach: Reach = (name) => (name === 'well' ? { execute: hello } : undefined);
    const ask = createAsk('small', reach, breakers.of('small'));
    for (let n = 0; n < 6; n++) await ask(HELLO, {}).catch(() => {});
    expect(await ask(command('well', '{ hello }'), {})).toEqual({ hello: 'you' });
    expect(breakers.list('small').map(({ name, state }) => `${name} ${state}`)).toEqual([
      'agent:other OPEN',
      'agent:well CLOSED',
    ]);
  });
});

describe('an answer', () => {
  test.each([
    ['tells of a fault', new GraphQLError('broken'), Fault],
    ['tells that its database is away', new GraphQLError('away', { extensions: { code: 'UNAVAILABLE' } }), Unavailable],
    ['refuses', new GraphQLError('no', { extensions: { code: 'BAD_USER_INPUT' } }), Fault],
  ])('that %s does not count as a failure: the circuit stays closed for all others', async (_, error, thrown) => {
    const { ask, world, breakers } = asking(async () => ({ errors: [error] }));
    for (let n = 0; n < 9; n++) await expect(ask()).rejects.toBeInstanceOf(thrown);
    expect(world.calls).toBe(9);
    expect(breakers.list()[0]).toMatchObject({ name: 'agent:other', state: 'CLOSED', failures: 0 });
  });

  test('that a text cannot be stored keeps its code, since the text came from a client, who can mend it', async () => {
    const originalError = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    const { ask } = asking(async () => ({ errors: [new GraphQLError('failed', { originalError })] }));
    await expect(ask()).rejects.toMatchObject({ code: '22021' });
  });

  test('that a value is refused is a permanent error; that a field is unknown is not', async () => {
    const typeDefs = typeDefsOf('input In { amount: Decimal! } type Query { pay(input: In!): Int }');
    const subgraph = createSubgraph('other', typeDefs, resolversOf(typeDefs, { Query: { pay: () => 1 } }));
    const ask = createAsk('small', () => subgraph);
    const pay = (input: object) =>
      ask(command<{ pay: number }, object>('other', 'query ($input: In!) { pay(input: $input) }'), { input }).catch(
        (error: unknown) => error,
      );
    expect(await pay({ amount: '100.00' })).toEqual({ pay: 1 });
    const never = await pay({ amount: '1000000000000000' });
    expect(never).toBeInstanceOf(NeverWorks);
    expect((never as Error).message).toContain('is not a decimal number');
    // An agent of another release during a rolling upgrade: that is transient.
    const passing = await pay({ amount: '1.00', tip: '1.00' });
    expect(passing).toBeInstanceOf(Fault);
    expect(passing).not.toBeInstanceOf(NeverWorks);
    expect([never, passing].map(isNotUnderstood)).toEqual([false, true]);
  });

  test('with user errors becomes a refusal by `accepted`', () => {
    expect(() => accepted({ userErrors: [{ code: 'NO', message: 'no' }] })).toThrow('no');
    expect(() => accepted(null)).toThrow(Fault);
    expect(accepted({ userErrors: [], id: 1 })).toMatchObject({ id: 1 });
  });
});
