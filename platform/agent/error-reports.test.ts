import { expect, test } from '@jest/globals';
import { GraphQLError, parse } from 'graphql';
import { Forbidden, Unavailable } from '../errors.ts';
import { createSubgraph } from '../graphql/subgraph.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { outcomeOf } from '../telemetry/outcome.ts';
import { watched } from './error-reports.ts';

const refused = new Forbidden('This is not yours.');
const away = new Unavailable('Something is away.');
const bare = createSubgraph('small', parse('type Query { away: Int refused: Int unstorable: Int odd: Int }'), {
  Query: {
    refused: () => {
      throw refused;
    },
    unstorable: () => {
      throw Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    },
    odd: () => {
      throw new GraphQLError('This is no cursor.', { extensions: { code: 'BAD_USER_INPUT' } });
    },
    away: () => {
      throw away;
    },
  },
});

test('an agent is told of its errors, but not of those of an abandoned request', async () => {
  const told: unknown[] = [];
  const subgraph = watched(bare, (error) => told.push(error));
  const ask = async (signal?: AbortSignal) => {
    const { errors } = await subgraph.execute({ query: '{ away }' }, { actor: ANONYMOUS, correlationId: 'c', signal });
    expect(errors).toEqual([expect.any(GraphQLError)]);
  };
  await ask(AbortSignal.abort());
  expect(told).toEqual([]);
  await ask();
  await ask(new AbortController().signal);
  expect(told).toEqual([away, away]);
});

test('an error that the caller has caused is no failure of the agent, nor of the request', async () => {
  const told: unknown[] = [];
  const subgraph = watched(bare, (error) => told.push(error));
  const ask = async (query: string) => {
    const { errors } = await subgraph.execute({ query }, { actor: ANONYMOUS, correlationId: 'c' });
    return outcomeOf(errors);
  };
  expect(await ask('{ refused unstorable odd }')).toBe('refused');
  expect(told).toEqual([]);
  expect(await ask('{ refused away }')).toBe('failed');
  expect(told).toEqual([away]);
});
