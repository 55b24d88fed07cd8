/** What a runbook tells an operator to ask is valid: nobody should find out at night that it is not. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';

const schema = buildSchema(readFileSync('schema/api.graphql', 'utf8'));
const FENCED = /```graphql\n([\s\S]*?)```/g;
const INLINE = /`((?:query|mutation|subscription)?\s*\{[^`"][^`]+\})`/g;

const asked = readdirSync('docs/operations')
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => {
    const text = readFileSync(`docs/operations/${file}`, 'utf8');
    return [FENCED, INLINE].flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, query]) => [file, query!] as const),
    );
  });

test.each(asked)('%s: %s', (_, query) => {
  expect(validate(schema, parse(query)).map(({ message }) => message)).toEqual([]);
});
