import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import * as firstClient from '../../examples/first-client/gql/graphql.ts';
import { graphiqlTabs } from '../../gateway/http/graphiql-tabs.ts';
import { costTableOf } from '../../gateway/limits/cost-table.ts';
import { estimateWith } from '../../gateway/limits/cost.ts';
import { LIMITS } from '../../gateway/limits/limits.ts';
import { parseWithin } from '../../gateway/limits/parse-within.ts';

const FULL = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, specifiedByUrl: true });
const documents = [
  ...graphiqlTabs().map(({ query }) => query),
  ...Object.values(firstClient)
    .filter((value) => value instanceof String)
    .map(String),
];
const estimate = estimateWith(
  buildSchema(readFileSync('schema/api.graphql', 'utf8')),
  costTableOf(readFileSync('schema/supergraph.graphql', 'utf8'))!,
);

test('the documents of GraphiQL and of the first client stay below a third of every limit', () => {
  const { document } = LIMITS;
  const third = Object.fromEntries(Object.entries(document).map(([name, limit]) => [name, limit / 3]));
  expect(documents.length).toBeGreaterThan(7);
  for (const text of documents) parseWithin(third as never)(text);
});

test('the introspection query of common tools passes', () => {
  expect(() => parseWithin(LIMITS.document)(FULL)).not.toThrow();
});

test("those documents cost less than a third of an anonymous caller's budget", () => {
  for (const text of documents) {
    const cost = estimate(parse(text), undefined, {});
    expect(cost).toBeLessThan(LIMITS.costs.anonymous / 3);
  }
});
