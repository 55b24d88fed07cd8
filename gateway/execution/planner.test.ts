import { createRequire } from 'node:module';
import { afterEach, expect, jest, test } from '@jest/globals';
import { parse } from 'graphql';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { createGraphVersion } from '../graph/graph-version.ts';
import { graphOf } from '../graph/graph.ts';
import { ApolloGateway } from './apollo.ts';
import { plannerOf } from './planner.ts';

// The module as @apollo/gateway loads it.
const { QueryPlanner } = createRequire(import.meta.url)(
  '@apollo/query-planner',
) as typeof import('@apollo/query-planner');

const SDL = `${LINKS}
  type Query { a: Thing @public }
  type Thing @public { name: String }
  type Subscription { named: Thing @public }
`;

afterEach(() => {
  jest.restoreAllMocks();
});

test('a graph version has one query planner, whatever it plans', async () => {
  const planners: unknown[] = [];
  const real = QueryPlanner.prototype.buildQueryPlan;
  jest.spyOn(QueryPlanner.prototype, 'buildQueryPlan').mockImplementation(function (this: unknown, ...args) {
    planners.push(this);
    return real.apply(this as never, args);
  });
  const thing = createSubgraph('thing', parse(SDL), {
    Query: { a: () => ({ name: 'A' }) },
    Subscription: { named: { subscribe: async function* () {} } },
  });
  const graphVersion = await createGraphVersion(graphOf([thing]), { policies: {}, onError: () => {} });
  const context = { actor: ANONYMOUS, correlationId: 'req_1' };
  try {
    const plain = await graphVersion.execution.execute({ document: parse('{ a { name } }'), context });
    expect(plain.data).toEqual({ a: { name: 'A' } });
    const document = parse('query ($with: Boolean!) { a { name @include(if: $with) } }');
    const anchored = await graphVersion.execution.execute({ document, variables: { with: false }, context });
    expect(anchored.data).toEqual({ a: {} });
    graphVersion.plan(parse('{ a { other: name } }'));
    await graphVersion.subscriptions.open({ document: parse('subscription { named { name } }'), context });
    expect(planners).toHaveLength(4);
    expect(new Set(planners).size).toBe(1);
  } finally {
    await graphVersion.retire();
  }
});

test('a gateway that is not loaded has no query planner', () => {
  const { supergraphSdl } = graphOf([createSubgraph('thing', parse(SDL), {})]);
  expect(() => plannerOf(new ApolloGateway({ supergraphSdl }))).toThrow('not loaded');
});
