import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, getVariableValues, type OperationDefinitionNode, parse, validate } from 'graphql';
import { scalars } from '../../platform/graphql/scalars.ts';
import { graphiqlTabs } from './graphiql-tabs.ts';

const schema = buildSchema(readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8'));
// The published schema knows only the names of our scalars; this is what they take.
for (const [name, { parseValue }] of Object.entries(scalars)) Object.assign(schema.getType(name) ?? {}, { parseValue });

const firstOrder = { email: 'buyer@example.com', password: 'a password', variantId: 'variant_1' };
const all = [...graphiqlTabs(firstOrder), ...graphiqlTabs()].map((tab, index) => {
  const document = parse(tab.query);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const title = `${operation.name!.value}${index < 4 ? '' : ', with placeholders'}`;
  return { ...tab, title, document, operation };
});

test('GraphiQL opens with browsing, signing in, placing an order and watching it, named so', () => {
  expect(all.slice(0, 4).map(({ title }) => title)).toEqual(['Browse', 'SignIn', 'PlaceOrder', 'Watch']);
});

describe.each(all)('the tab $title', ({ document, operation, variables, headers }) => {
  test('holds one operation that the published schema takes', () => {
    expect(document.definitions).toHaveLength(1);
    expect(validate(schema, document)).toEqual([]);
  });

  test('holds variables that its operation takes, and no others', () => {
    const values = JSON.parse(variables ?? '{}') as Record<string, unknown>;
    const definitions = operation.variableDefinitions ?? [];
    expect(Object.keys(values)).toEqual(definitions.map(({ variable }) => variable.name.value));
    expect(getVariableValues(schema, definitions, values).errors).toBeUndefined();
  });

  test('holds headers', () => {
    expect(JSON.parse(headers!)).toEqual(
      operation.name!.value === 'SignIn' ? {} : { authorization: expect.any(String) },
    );
  });
});

test('the account and the variant of the first order are filled in where it is known', () => {
  const [, signIn, placeOrder] = graphiqlTabs(firstOrder).map(({ variables }) => JSON.parse(variables ?? '{}').input);
  expect(signIn).toEqual({ email: 'buyer@example.com', password: 'a password' });
  expect(placeOrder.lines).toEqual([{ variantId: 'variant_1', quantity: 1 }]);
});
