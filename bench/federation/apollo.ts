/** @apollo/gateway as a user of it has it: its own data source and executor behind graphql-yoga, nothing of ours. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { createYoga, type Plugin } from 'graphql-yoga';
import { type DocumentNode, type ExecutionArgs, print } from 'graphql';

process.env.APOLLO_TELEMETRY_DISABLED = 'true';
process.env.NODE_ENV = 'production';
const { ApolloGateway } = createRequire(import.meta.url)('@apollo/gateway') as typeof import('@apollo/gateway');

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A gateway that calls the subgraphs by RemoteGraphQLDataSource. A document is printed and hashed once, as Apollo
 * Server does.
 */
export async function stockApollo(supergraphSdl: string): Promise<Server> {
  const gateway = new ApolloGateway({ supergraphSdl, logger: silent });
  const { schema, executor } = await gateway.load();
  const hashes = new WeakMap<DocumentNode, string>();
  const hashOf = (document: DocumentNode): string => {
    let hash = hashes.get(document);
    if (!hash) hashes.set(document, (hash = createHash('sha256').update(print(document)).digest('hex')));
    return hash;
  };
  const execute = ({ document, operationName, variableValues, contextValue }: ExecutionArgs) =>
    executor({
      logger: silent,
      schema,
      document,
      operationName: operationName ?? null,
      queryHash: hashOf(document),
      request: { operationName, variables: variableValues ?? {} },
      context: contextValue,
      metrics: {},
      cache: undefined,
    } as never);
  const plugin: Plugin = { onExecute: ({ setExecuteFn }) => setExecuteFn(execute as never) };
  const yoga = createYoga({ schema, plugins: [plugin], logging: false, graphiql: false, landingPage: false });
  return createServer((request, response) => void yoga(request, response));
}
