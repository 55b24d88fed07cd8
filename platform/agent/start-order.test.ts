import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { asks, startOrder } from './start-order.ts';

const order = (asked: Record<string, string[]>): string[] =>
  startOrder(
    Object.keys(asked).map((name) => ({ name })),
    ({ name }) => asked[name]!,
  ).map(({ name }) => name);

test('each agent starts after those that it asks', () => {
  expect(order({ a: ['b', 'c'], b: ['c'], c: [], d: [] })).toEqual(['c', 'b', 'a', 'd']);
});

test('agents that ask one another in a cycle, or an agent of another process, start all the same', () => {
  expect(order({ a: ['b'], b: ['c'], c: ['a', 'elsewhere'] }).sort()).toEqual(['a', 'b', 'c']);
  expect(order({ a: ['b'], b: ['a'], c: ['a'] })).toEqual(['b', 'a', 'c']);
});

test('the agents that an agent asks are read from its room: one file for each', () => {
  const room = mkdtempSync(join(tmpdir(), 'agora-room-'));
  const at = pathToFileURL(join(room, 'agent.ts')).href;
  try {
    expect(asks({ at })).toEqual([]);
    mkdirSync(join(room, 'commands'));
    for (const file of ['product.graphql', 'customer.graphql', 'product.generated.ts'])
      writeFileSync(join(room, 'commands', file), '');
    expect(asks({ at })).toEqual(['customer', 'product']);
  } finally {
    rmSync(room, { recursive: true });
  }
});
