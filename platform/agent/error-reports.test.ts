import { expect, test } from '@jest/globals';
import { GraphQLError, parse } from 'graphql';
import { Unavailable } from '../errors.ts';
import { createSubgraph } from '../graphql/subgraph.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { watched } from './error-reports.ts';

const away = new Unavailable('Something is away.');
const bare = createSubgraph('small', parse('type Query { away: Int }'), {
  Query: {
    away: () => {
      throw away;
    },
  },
});

test('an agent is told of its errors, but not of those for whoever has gone', async () => {
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
