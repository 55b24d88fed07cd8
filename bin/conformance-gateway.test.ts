import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { composeSupergraph } from '../gateway/composition/compose.ts';
import { createSubgraph } from '../platform/graphql/subgraph.ts';
import { silentLogger } from '../platform/log.ts';
import { startConformanceGateway } from './conformance-gateway.ts';
import { Endings } from '../platform/endings.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated"])';
const BOOKS = `${LINK} type Query { book: Book  secret: Int @authenticated } type Subscription { ticked: Book }
  type Book @key(fields: "id") { id: ID! title: String }`;
const STARS = `${LINK} type Query { stars: Int } type Book @key(fields: "id") { id: ID! stars: Int }`;

/** A subgraph of a foreign server. */
async function serve(sdl: string, resolvers: object) {
  const { schema } = createSubgraph('any', parse(sdl), resolvers);
  const yoga = createYoga({ schema, logging: false, maskedErrors: false });
  const server = createServer((request, response) => void yoga(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` };
}

test('any supergraph is served over plain subgraphs, without identity: queries, errors and subscriptions', async () => {
  const book = { id: '1', title: 'Ulysses' };
  const books = await serve(BOOKS, {
    Query: { book: () => ({ ...book }), secret: () => 42 },
    Subscription: {
      ticked: {
        async *subscribe() {
          yield { ticked: { ...book } };
        },
      },
    },
  });
  const stars = await serve(STARS, {
    Query: { stars: () => Promise.reject(new Error('none')) },
    Book: { __resolveReference: ({ id }: { id: string }) => ({ id, stars: 5 }) },
  });
  const { supergraphSdl } = composeSupergraph([
    { name: 'books', typeDefs: parse(BOOKS), url: books.url },
    { name: 'stars', typeDefs: parse(STARS), url: stars.url },
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'agora-supergraph-'));
  const supergraph = join(folder, 'supergraph.graphql');
  writeFileSync(supergraph, supergraphSdl);
  const endings = new Endings(silentLogger);
  try {
    const config = { HOST: '127.0.0.1', PORT: 0 };
    const url = await startConformanceGateway({ config, log: silentLogger, endings, supergraph });
    const post = (query: string, accept = 'application/json') =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query }),
      });
    expect(await (await post('{ book { title stars } secret }')).json()).toEqual({
      data: { book: { title: 'Ulysses', stars: 5 }, secret: 42 },
    });
    expect(await (await post('{ stars }')).json()).toMatchObject({
      data: { stars: null },
      errors: [{ path: ['stars'] }],
    });
    const events = await (await post('subscription { ticked { id stars } }', 'text/event-stream')).text();
    expect(events).toContain('data: {"data":{"ticked":{"id":"1","stars":5}}}');
  } finally {
    await endings.stop();
    rmSync(folder, { recursive: true });
    for (const { server } of [books, stars]) server.close().closeAllConnections();
  }
});
