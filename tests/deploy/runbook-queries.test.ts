/** Queries in the docs are valid: no operator should find out at night that one is not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  buildSchema,
  LoneAnonymousOperationRule,
  NoUnusedFragmentsRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';

const schema = buildSchema(readFileSync('schema/api.graphql', 'utf8'));
const FENCED = /```graphql\n([\s\S]*?)```/g;
const INLINE = /`((?:query|mutation|subscription)?\s*\{[^`"][^`]+\})`/g;

/** The fragments of a page: a fragment stands in its first block, and is meant in all. */
const fragmentsOf = (text: string): string => text.match(/^fragment [^]*?^}/gm)?.join('\n') ?? '';
/** The rules of validation, but for those that forbid a block with several operations, each to be sent alone. */
const rules = specifiedRules.filter(
  (rule) => ![LoneAnonymousOperationRule, NoUnusedFragmentsRule].includes(rule as typeof NoUnusedFragmentsRule),
);

const pages = ['docs', 'docs/operations'].flatMap((folder) =>
  readdirSync(folder)
    // That page is about an agent that does not exist yet.
    .filter((file) => file.endsWith('.md') && file !== 'adding-an-agent.md')
    .map((file) => join(folder, file)),
);
const asked = ['README.md', ...pages].flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  return [FENCED, INLINE].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, query]) => [file, query!, fragmentsOf(text)] as const),
  );
});

test.each(asked)('%s: %s', (_, query, fragments) => {
  const document = parse(query.includes('\nfragment') ? query : `${query}\n${fragments}`);
  expect(validate(schema, document, rules).map(({ message }) => message)).toEqual([]);
});
