import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { areOperationsRemembered } from './apollo.ts';
import { remembering, rememberOperations } from './remembered-operations.ts';

const { buildSchema, operationFromDocument } = createRequire(import.meta.url)(
  '@apollo/federation-internals',
) as typeof import('@apollo/federation-internals');

const SDL = 'type Query { a: Int b: Query }';
const TRUSTED = { validate: false };

test('@apollo/federation-internals is as we know it: operations are read once', () => {
  expect(areOperationsRemembered).toBe(true);
  const [schema, document] = [buildSchema(SDL), parse('{ a }')];
  const read = (): unknown => operationFromDocument(schema, document, TRUSTED);
  expect(read()).toBe(read());
});

test('the same node in another schema, or with other fragments, is another operation', () => {
  const read = remembering(operationFromDocument);
  const [schema, document] = [buildSchema(SDL), parse('{ b { ...F } } fragment F on Query { a }')];
  const other = {
    ...document,
    definitions: [document.definitions[0]!, ...parse('fragment F on Query { x: a }').definitions],
  };
  const first = read(schema, document, TRUSTED);
  expect(read(buildSchema(SDL), document, TRUSTED)).not.toBe(first);
  expect(read(schema, other, TRUSTED).expandAllFragments().toString()).toContain('x: a');
  expect(read(schema, document, TRUSTED).expandAllFragments().toString()).not.toContain('x: a');
});

test('a document that is to be validated is validated each time', () => {
  const read = remembering(operationFromDocument);
  const [schema, document] = [buildSchema(SDL), parse('{ a }')];
  expect(read(schema, document)).not.toBe(read(schema, document));
});

test('a module that is not as we know it is not patched', () => {
  expect(rememberOperations({}, {})).toBe(false);
  // Re-exported as a value, and not by a getter: callers would go on calling the old function through it.
  const inner = { operationFromDocument };
  expect(rememberOperations(inner, { operationFromDocument })).toBe(false);
  expect(inner.operationFromDocument).toBe(operationFromDocument);
  const frozen = Object.freeze({ operationFromDocument });
  expect(rememberOperations(frozen, frozen)).toBe(false);
});
