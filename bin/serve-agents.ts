/** Serves some agents in a process of its own, among others: found through the directory, called by signed requests. */
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import type { AgentDefinition } from '../platform/agent/define-agent.ts';
import { createHost, type Host } from '../platform/agent/host.ts';
import { type Announced, DIRECTORY_POLL_MS, withdraw } from '../platform/agent/replicas.ts';
import { systemClock } from '../platform/clock.ts';
import { LocalNonces } from '../platform/cluster/nonces.ts';
import type { Config } from '../platform/config/config.ts';
import { allowsDemo } from '../platform/config/trial-features.ts';
import { Fault } from '../platform/errors.ts';
import { newUuid } from '../platform/ids.ts';
import type { Logger } from '../platform/log.ts';
import { startTracing } from '../platform/telemetry/tracing.ts';
import { sleep } from '../platform/sleep.ts';
import { Directory } from '../platform/wire/directory.ts';
import { bePresent } from '../platform/wire/presence.ts';
import { resetOnReturn } from '../platform/wire/reset-on-return.ts';
import { type SubgraphServer, serveSubgraphs } from '../platform/wire/serve-subgraphs.ts';
import { requestSigner, requestVerifier } from '../platform/wire/signed-request.ts';
import { hasAdministrator } from '../subgraphs/identity/administrators/service.ts';
import type { PaymentVariables } from '../subgraphs/payment/config.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { awaitDatabase } from '../db/connect/await-database.ts';
import { announceRevocations } from '../gateway/identity/broadcast-revocations.ts';
import { chosenAgents } from './process/chosen-agents.ts';
import { connectCluster } from '../platform/cluster/connect.ts';
import { connectDatabase } from '../db/connect/connect-database.ts';
import { connectStandby } from '../db/connect/connect-standby.ts';
import { directAddress } from '../db/connect/direct-address.ts';
import type { Endings } from '../platform/endings.ts';
import { givenTokens, requireGivenKeys } from '../platform/secrets/given-keys.ts';
import type { Tls } from '../platform/http/create-listener.ts';
import { givenTls, schemeOf } from '../platform/http/given-tls.ts';
import { DEMO_IN_PRODUCTION, hasDemoAccounts } from '../db/connect/installation.ts';
import { keyRing } from '../platform/secrets/key-files.ts';
import { signerAndSecrets } from '../db/connect/known-keys.ts';
import { listen } from './process/listen.ts';

/** Options of a process of agents. */
export interface ServeAgentsOptions {
  config: Config & Partial<PaymentVariables>;
  log: Logger;
  /** Takes the closing of each part. */
  endings: Endings;
  /** The agents' names. */
  names: readonly string[];
  /** Called with each thing that happens, a line at a time. */
  report(line: string): void;
}

/** How long a process serves on after it has left the directory: its callers poll the directory every second. */
const NOTICE_MS = 2 * DIRECTORY_POLL_MS + 500;

/**
 * Starts everything, in order, and returns its address: `http://127.0.0.1:41234`. @throws Fault for what waiting does
 * not mend
 */
export async function serveAgents(options: ServeAgentsOptions): Promise<string> {
  const { config, log, endings, names } = options;
  requireGivenKeys(config, names);
  const tls = givenTls(config);
  if (config.SIMULATOR_WEBHOOK_URL === 'self')
    throw new Fault(
      'BAD_CONFIGURATION',
      'SIMULATOR_WEBHOOK_URL: give the address of a gateway, agents have no front door.',
    );
  const allAgents = await loadAgents();
  const agents = chosenAgents(allAgents, { names });
  const life = { instance: config.AGENT_NAME ?? instanceOf(agents), process: newUuid() };
  await endings.add(await startTracing(config, `agora ${life.instance}`));
  const url = await awaitDatabase(agents, options);
  const connections = await connectDatabase(
    url,
    options,
    allAgents.map(({ name }) => name),
    agents.map(({ name }) => name),
  );

  const keys = await signerAndSecrets(connections.kysely, config);
  const standby = await connectStandby(agents, connections.addressOf, options);
  const directory = new Directory({ kysely: connections.kysely, signer: signerOf(config, life.instance), log });
  resetOnReturn(directory, connections.breakers);
  await endings.add(watching(directory));
  const cluster = await connectCluster(config, { log, endings, databaseUrl: directAddress(url, config) });
  const host = await createHost({
    ...connections,
    ...cluster,
    ...standby,
    dependencies: [...cluster.dependencies, ...standby.dependencies],
    ...life,
    tokens: givenTokens(config),
    ...keys,
    config,
    log,
    clock: systemClock,
    agents,
    allAgents,
    reach: (name) => (allAgents.some((agent) => agent.name === name) ? directory.endpoint(name) : undefined),
  });
  announceRevocations(host, cluster.broadcast);
  const serving = serve(host, life.process, { ...options, tls });
  const { AGENT_PORT: port, AGENT_HOST: listenHost } = config;
  await listen(serving.server, {
    port,
    host: listenHost,
    variable: 'AGENT_PORT',
    command: `npm run agent -- ${names.join(' ')}`,
  });
  // Ended in reverse: no new requests come, those under way are answered, then the agents stop.
  await endings.add(() => host.stop('shut down'));
  await endings.add(() => serving.close());
  await host.start();
  const address = addressOf(config, serving.server.address() as AddressInfo);
  await sayWhatIsMissing(options, connections.kyselyFor);
  await announce(host, serving, connections.kyselyFor, { ...life, address }, options);
  return address;
}

/** Reports, where this process has the accounts, that the shop has no administrator, or that a password is public. */
async function sayWhatIsMissing(
  { config, names, report }: ServeAgentsOptions,
  kyselyFor: (agent: string) => Kysely<any>,
): Promise<void> {
  if (!names.includes('identity')) return;
  const kysely = kyselyFor('identity');
  if (!allowsDemo(config) && (await hasDemoAccounts(kysely))) report(DEMO_IN_PRODUCTION);
  if (!(await hasAdministrator(kysely)))
    report('Nobody administers this shop yet: npm run admin:new -- --email you@shop.example --name "Your Name"');
}

/** Polls the directory from now on. Returns a function that ends it. */
function watching(directory: Directory): () => Promise<void> {
  const ending = new AbortController();
  const running = directory.run(ending.signal);
  return async () => {
    ending.abort();
    await running;
    directory.close();
  };
}

function serve(
  host: Host,
  process: string,
  { config, log, tls }: ServeAgentsOptions & { tls: Tls | undefined },
): SubgraphServer {
  const verifier = requestVerifier(keyRing(config, 'REQUEST_KEYS'), process, systemClock, new LocalNonces());
  const isReady = (): { ready: boolean; details: object } => {
    const { ready, ...details } = host.health.ready();
    return { ready, details };
  };
  const { subgraphs, health } = host;
  return serveSubgraphs({ subgraphs, verifier, log, isReady, health, metricsToken: config.METRICS_TOKEN, tls });
}

/**
 * Keeps these agents in the directory until the end, which begins with leaving it. Resolves when other processes can
 * see them.
 */
async function announce(
  host: Host,
  serving: SubgraphServer,
  kyselyFor: (agent: string) => Parameters<typeof withdraw>[0],
  { instance, process, address }: { instance: string; process: string; address: string },
  { log, endings }: ServeAgentsOptions,
): Promise<void> {
  const replicas: Announced[] = host.subgraphs.map(({ name, sdl }) => ({
    agent: name,
    process,
    instance,
    url: `${address}/${name}`,
    sdl,
  }));
  const ending = new AbortController();
  const { promise: isThere, resolve: onThere } = Promise.withResolvers<void>();
  const running = bePresent({ kyselyFor, replicas, log, onThere }, ending.signal);
  await endings.add(async () => {
    ending.abort();
    await running;
    serving.drain();
    const left = await Promise.allSettled(replicas.map((replica) => withdraw(kyselyFor(replica.agent), replica)));
    for (const { reason } of left.filter((one) => one.status === 'rejected'))
      log.warn({ err: reason }, 'not taken out of the directory: the lease will run out');
    await sleep(NOTICE_MS, new AbortController().signal);
  });
  await Promise.race([isThere, running]);
}

const signerOf = (config: Config, sender: string) =>
  requestSigner(keyRing(config, 'REQUEST_KEYS'), sender, systemClock);

const instanceOf = (agents: readonly AgentDefinition[]): string =>
  `${agents.map(({ name }) => name).join('+')}@${hostname()}`.slice(-100);

/** Address of this process; one that listens on every address is reached by the host's name. */
function addressOf(config: Config, { port }: AddressInfo): string {
  const { AGENT_URL, AGENT_HOST } = config;
  const host = /^(0\.0\.0\.0|::)$/.test(AGENT_HOST) ? hostname() : AGENT_HOST;
  return (AGENT_URL ?? `${schemeOf(config)}://${host.includes(':') ? `[${host}]` : host}:${port}`).replace(/\/$/, '');
}
