/**
 * One of the servers under comparison, in a process of its own: `node server.ts ROLE [supergraph file]`. Prints its
 * address.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import { foreignGraph } from '../../gateway/graph/foreign-graph.ts';
import { createGateway, type GatewayOptions } from '../../gateway/server.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { silentLogger } from '../../platform/log.ts';
import { createTransport } from '../../platform/wire/transport.ts';
import { stockApollo } from './apollo.ts';
import { partsOf } from './parts.ts';
import { plainSchema } from './plain.ts';

const QUIET = { logging: false, graphiql: false, landingPage: false } as const;

const ours = async (options: Partial<GatewayOptions>): Promise<Server> => {
  const gateway = await createGateway({
    authenticate: async () => ({ actor: ANONYMOUS }),
    log: silentLogger,
    isReady: () => ({ ready: true, details: {} }),
    ...options,
  });
  return gateway.server;
};

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const served = (handle: Handler): Server => createServer((request, response) => void handle(request, response));

/** The subgraphs, as any team would serve its part. */
function subgraphs(): Server {
  const yogas = new Map(
    partsOf('').map(({ name, schema }) => [`/${name}`, createYoga({ ...QUIET, schema, graphqlEndpoint: `/${name}` })]),
  );
  return served((request, response) => yogas.get(request.url!)!(request, response));
}

const ROLES: Readonly<Record<string, (supergraphFile: string) => Server | Promise<Server>>> = {
  plain: () => served(createYoga({ ...QUIET, schema: plainSchema() })),
  embedded: () => ours({ subgraphs: partsOf('@public') }),
  subgraphs,
  distributed: (file) => ours({ graph: foreignGraph(readFileSync(file, 'utf8'), createTransport()) }),
  apollo: (file) => stockApollo(readFileSync(file, 'utf8')),
};

const [role = '', file = ''] = process.argv.slice(2);
const server = await ROLES[role]!(file);
// A gateway that keeps its connections must find them again after the others' turns.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
