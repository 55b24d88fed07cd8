/** The descriptions of the published graph, those of the gateway's own subgraph included. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse, visit } from 'graphql';

test('descriptions of the published graph begin with their subject, not with a pronoun for it', () => {
  const found: string[] = [];
  visit(parse(readFileSync('schema/api.graphql', 'utf8')), {
    StringValue: ({ value }) =>
      void (/^\s*(What|Whatever|Who|Whoever|Whose|That which)\b/.test(value) && found.push(value)),
  });
  expect(found).toEqual([]);
});
