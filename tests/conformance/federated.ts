/** A graph of small plain subgraphs, behind HTTP like anybody's, and our gateway over its supergraph. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { startConformanceGateway } from '../../bin/conformance-gateway.ts';
import { Endings } from '../../platform/endings.ts';
import { composeSupergraph } from '../../gateway/composition/compose.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { silentLogger } from '../../platform/log.ts';

/** A subgraph: its SDL without the head, and its resolvers. */
export interface Part {
  sdl: string;
  resolvers?: object;
}

/** An answer. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape it asked for
  data?: any;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
}

const IMPORTS = ['key', 'external', 'requires', 'provides', 'shareable', 'override', 'inaccessible', 'tag'];
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: [${[...IMPORTS, 'interfaceObject'].map((name) => `"@${name}"`).join(', ')}])\n`;

/** Serves the parts and a gateway over them. The requests to each part are recorded. */
export async function federated(parts: Readonly<Record<string, Part>>) {
  const endings = new Endings(silentLogger);
  const asked: { part: string; query: string; variables?: Record<string, unknown> }[] = [];
  const down = new Set<string>();
  const closing = new Set<string>();
  const yogas = Object.entries(parts).map(([name, { sdl, resolvers = {} }]) => {
    const { schema } = createSubgraph(name, parse(LINK + sdl), resolvers);
    const yoga = createYoga({
      schema,
      graphqlEndpoint: `/${name}`,
      logging: false,
      maskedErrors: false,
      plugins: [{ onParams: ({ params }) => void asked.push({ part: name, ...(params as { query: string }) }) }],
    });
    return [name, yoga] as const;
  });
  const byName = new Map(yogas);
  const server = createServer((request, response) => {
    const name = request.url!.slice(1);
    if (down.has(name) || closing.delete(name)) request.socket.destroy();
    else void byName.get(name)!(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await endings.add(async () => server.close().closeAllConnections());
  const folder = mkdtempSync(join(tmpdir(), 'agora-federated-'));
  await endings.add(async () => rmSync(folder, { recursive: true }));

  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const definitions = Object.entries(parts).map(([name, { sdl }]) => ({
    name,
    typeDefs: parse(LINK + sdl),
    url: `${base}/${name}`,
  }));
  const supergraph = join(folder, 'supergraph.graphql');
  writeFileSync(supergraph, composeSupergraph(definitions).supergraphSdl);
  const config = { HOST: '127.0.0.1', PORT: 0 };
  const url = await startConformanceGateway({ config, log: silentLogger, endings, supergraph });
  return {
    url: `${url}/graphql`,
    asked,
    /** Subgraphs that break the connection. */
    down,
    /** Subgraphs that close the connection of their next request only. */
    closing,
    /** Sends a query or mutation. */
    async ask(query: string, variables?: Record<string, unknown>): Promise<Answer> {
      asked.length = 0;
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
    close: () => endings.stop(),
  };
}

/** A graph under test. */
export type Federated = Awaited<ReturnType<typeof federated>>;
