import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { composeSupergraph } from '../composition/compose.ts';
import { publishedGraph } from './published-graph.ts';
import { COMPOSED_FROM, publishedSupergraph } from './published-supergraph.ts';

const PUBLISHED = join(import.meta.dirname, '../../schema');
const FILES = ['supergraph.graphql', COMPOSED_FROM];

/** The rooms of this release, as a process that runs them has them. */
const rooms = Object.entries(publishedGraph().parts).map(([name, sdl]) => ({ name, typeDefs: parse(sdl) }));
const written = readFileSync(join(PUBLISHED, 'supergraph.graphql'), 'utf8');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'agora-published-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The published supergraph, with this file changed. */
function publishedBut(file: string, change: (text: string) => string): string | undefined {
  for (const name of FILES) copyFileSync(join(PUBLISHED, name), join(directory, name));
  const text = readFileSync(join(directory, file), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(join(directory, file), changed);
  return publishedSupergraph(rooms, directory);
}

test('the rooms of this release need no composition: the published supergraph is what they compose to', () => {
  expect(publishedSupergraph(rooms)).toBe(written);
  expect(composeSupergraph(rooms).supergraphSdl).toBe(written);
});

test('their order does not matter', () => {
  expect(publishedSupergraph(rooms.toReversed())).toBe(written);
});

test('a missing, a new or a changed room needs composition', () => {
  const [first, ...others] = rooms;
  expect(publishedSupergraph(others)).toBeUndefined();
  const another = { name: 'another', typeDefs: parse('type Query { another: Int }') };
  expect(publishedSupergraph([...rooms, another])).toBeUndefined();
  const changed = { ...first!, typeDefs: parse(`${publishedGraph().parts[first!.name]} type More { id: ID! }`) };
  expect(publishedSupergraph([changed, ...others])).toBeUndefined();
});

test('a supergraph that was changed by hand, or composed by another version, does not serve', () => {
  expect(publishedBut('supergraph.graphql', (text) => `${text}\n# merged`)).toBeUndefined();
  expect(publishedBut(COMPOSED_FROM, (text) => text.replace(/"composition": "[^"]+"/, '"composition": "2.0.0"'))).toBe(
    undefined,
  );
});

test('missing files, or files with other contents, count as none', () => {
  expect(publishedSupergraph(rooms, join(directory, 'nowhere'))).toBeUndefined();
  expect(publishedBut(COMPOSED_FROM, () => '<<<<<<< HEAD\n')).toBeUndefined();
});
