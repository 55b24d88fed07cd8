/** A gateway among many processes: it holds no data, no private key and no agent, so any number of them may run. */
import type { AddressInfo } from 'node:net';
import type { GraphQLScalarType } from 'graphql';
import { GATEWAY_CONNECTIONS } from '../db/connect/connection-counts.ts';
import { kyselyOver } from '../db/kysely.ts';
import { createPool } from '../db/pool.ts';
import { gatewayHealth } from '../gateway/gateway-health.ts';
import { GraphWatch } from '../gateway/graph/graph-watch.ts';
import { guardedEndpoint, isAway } from '../gateway/endpoints/guarded-endpoint.ts';
import { limitsFrom } from '../gateway/limits/limits-from.ts';
import { createGateway } from '../gateway/server.ts';
import { agentCard } from '../platform/agent/agent-card.ts';
import { sdlOf } from '../platform/agent/replicas.ts';
import { systemClock } from '../platform/clock.ts';
import { agentDatabase, type Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { configuredStore } from '../platform/files/configured.ts';
import { scalars } from '../platform/graphql/scalars.ts';
import { formatTokenKeys, parseTokenKeys, verifyingKeys } from '../platform/identity/token-keys.ts';
import { tokensFrom } from '../platform/identity/tokens.ts';
import type { Logger } from '../platform/log.ts';
import { Breakers } from '../platform/resilience/breakers.ts';
import { POLICIES } from '../platform/resilience/policies.ts';
import type { KeyRing } from '../platform/secrets/key-ring.ts';
import { measureBreakers } from '../platform/resilience/breaker-metrics.ts';
import { startTracing } from '../platform/telemetry/tracing.ts';
import { Directory } from '../platform/wire/directory.ts';
import { RemoteSubgraph } from '../platform/wire/remote-subgraph.ts';
import { type RequestSigner, GATEWAY, requestSigner } from '../platform/wire/signed-request.ts';
import { createTransport } from '../platform/wire/transport.ts';
import { ApiKeys, identityOf } from '../gateway/identity/api-keys.ts';
import { authenticateWith } from '../gateway/identity/authenticate.ts';
import { knownRevocations } from '../gateway/identity/known-revocations.ts';
import { connectCluster } from '../platform/cluster/connect.ts';
import type { Endings } from '../platform/endings.ts';
import { keyRing } from '../platform/secrets/key-files.ts';
import { givenTls, schemeOf } from '../platform/http/given-tls.ts';
import { listen } from './process/listen.ts';
import { publishedAgents, publishedGraph } from '../gateway/published/published-graph.ts';
import { trustedOperations } from '../gateway/published/trusted-operations.ts';

/** Options of the gateway. */
export interface DistributedGatewayOptions {
  config: Config;
  log: Logger;
  /** Takes the closing of each part. */
  endings: Endings;
}

/** Grace period of requests under way at the end: as long as any may take. Milliseconds. */
const GRACE_MS = 15_000;

/** Starts the gateway, and returns its address. It waits for no agent: one that is away is an error of its fields. */
export async function startDistributedGateway(options: DistributedGatewayOptions): Promise<string> {
  const { config, log, endings } = options;
  const tls = givenTls(config);
  await endings.add(await startTracing(config, 'agora gateway'));
  const tokens = tokensFrom(publicKeysOf(config));
  const signer = requestSigner(requestKeysOf(config), GATEWAY, systemClock);
  const breakers = new Breakers();
  measureBreakers(breakers);
  const watch = await watchGraph(options, signer, breakers);
  const graph = watch.published();
  const cluster = await connectCluster(config, { log, endings });
  const { ACCESS_TOKEN_SECONDS: tokenSeconds } = config;
  const identity = identityOf(graph.endpoints);
  const { revocations, polling } = knownRevocations(identity, { tokenSeconds, broadcast: cluster.broadcast, log });
  const gateway = await createGateway({
    graph,
    authenticate: authenticateWith(tokens, revocations, new ApiKeys({ identity, seconds: tokenSeconds })),
    log,
    trustedProxies: config.TRUSTED_PROXIES,
    limits: limitsFrom(config, { trusted: trustedOperations(), cache: cluster.cache }),
    limiter: cluster.limiter,
    metricsToken: config.METRICS_TOKEN,
    files: configuredStore(config),
    tls,
    agentCard: (url) => agentCard(publishedAgents(), config.PUBLIC_URL ?? url),
    isReady: () => ({ ready: watch.isSettled, details: watch.isSettled ? {} : { waitingFor: 'directory of agents' } }),
    health: gatewayHealth({
      watch,
      breakers,
      revocations: () => polling.state,
      graphVersions: () => gateway.graphVersions,
      cluster: () => cluster.health(),
    }),
  });
  await listen(gateway.server, { port: config.PORT, host: config.HOST, variable: 'PORT', command: 'npm run gateway' });
  const ending = new AbortController();
  const running = watch.run((next) => gateway.swap(next), ending.signal);
  await endings.add(async () => {
    ending.abort();
    await running;
  });
  await endings.add(polling.start());
  await endings.add(() => gateway.close({ drainMs: config.DRAIN_SECONDS * 1000, graceMs: GRACE_MS }));
  const { port } = gateway.server.address() as AddressInfo;
  return `${schemeOf(config)}://${config.HOST}:${port}`;
}

/**
 * Follows the directory; its replicas are asked by signed requests, each agent behind a circuit breaker that all graphs
 * share.
 */
async function watchGraph(
  { config, log, endings }: DistributedGatewayOptions,
  signer: RequestSigner,
  breakers: Breakers,
): Promise<GraphWatch> {
  const kysely = await connectDirectory(config, log, endings);
  const directory = new Directory({ kysely, signer, log });
  const transport = createTransport();
  await endings.add(async () => transport.close());
  return new GraphWatch({
    published: publishedGraph(),
    directory: {
      async replicas() {
        await directory.look();
        return directory.replicas;
      },
      sdlOf: (hash) => sdlOf(kysely, hash),
    },
    scalars: (name) => (scalars as Record<string, GraphQLScalarType>)[name],
    endpointOf(name, replicas, look) {
      const guard = breakers.guard(GATEWAY, `agent:${name}`, { policy: POLICIES.fetch, isIllness: isAway });
      return guardedEndpoint(new RemoteSubgraph({ name, replicas, look, signer, transport, log }), guard);
    },
    // A new process of an agent: the failures of its last one say nothing of it.
    onReplica: ({ agent }) => void breakers.reset(GATEWAY, `agent:${agent}`),
    log,
  });
}

async function connectDirectory({ DATABASE_URL, DATABASE_PREPARE }: Config, log: Logger, endings: Endings) {
  const url = agentDatabase(process.env, 'gateway') ?? DATABASE_URL;
  if (!url)
    throw notGiven('DATABASE_URL_GATEWAY (or DATABASE_URL)', 'the PostgreSQL where the agents announce themselves.');
  const onConnectionLost = (error: Error): void => log.warn({ err: error }, 'a connection to the database was lost');
  const prepare = DATABASE_PREPARE === 'true';
  const pool = createPool({ url, max: GATEWAY_CONNECTIONS, name: 'agora gateway', prepare, onConnectionLost });
  await endings.add(() => pool.end());
  return kyselyOver(pool);
}

function requestKeysOf(config: Config): KeyRing {
  if (!config.REQUEST_KEYS) throw notGiven('REQUEST_KEYS', 'the same as to the agents (`npm run secrets:new`).');
  return keyRing(config, 'REQUEST_KEYS');
}

/** The public keys: a gateway verifies tokens and never signs, so it takes only the public halves of private keys. */
function publicKeysOf({ TOKEN_PUBLIC_KEY, TOKEN_KEY }: Config): string {
  const given = TOKEN_PUBLIC_KEY ?? TOKEN_KEY;
  if (!given) throw notGiven('TOKEN_PUBLIC_KEY', '`openssl pkey -pubout` of the TOKEN_KEY that identity signs with.');
  return formatTokenKeys(verifyingKeys(parseTokenKeys(given)));
}

const notGiven = (variable: string, what: string): Fault => new Fault('NOT_CONFIGURED', `Give ${variable}: ${what}`);
