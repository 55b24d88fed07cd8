/** The whole of Agora in one process: PostgreSQL beside it, every agent, and the gateway. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ScheduledBackups } from '../db/backups/scheduled-backups.ts';
import {
  deleteEmbeddedPostgres,
  type EmbeddedPostgres,
  NO_ARCHIVE,
  requireUnowned,
  startEmbeddedPostgres,
} from '../db/embedded-postgres.ts';
import { keepRunning, type KeptServer } from '../db/embedded-postgres/keep-running.ts';
import { graphiqlTabs } from '../gateway/http/graphiql-tabs.ts';
import { limitsFrom } from '../gateway/limits/limits-from.ts';
import { createGateway } from '../gateway/server.ts';
import { agentCard } from '../platform/agent/agent-card.ts';
import type { DatabaseProbe } from '../platform/agent/database-monitor.ts';
import { configuredStore } from '../platform/files/configured.ts';
import { createHost, type Host } from '../platform/agent/host.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { tokensFrom } from '../platform/identity/tokens.ts';
import type { Logger } from '../platform/log.ts';
import { allowsDemo } from '../platform/config/trial-features.ts';
import { startTracing } from '../platform/telemetry/tracing.ts';
import { hasAdministrator } from '../subgraphs/identity/administrators/service.ts';
import type { PaymentVariables } from '../subgraphs/payment/config.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { ApiKeys, identityOf } from '../gateway/identity/api-keys.ts';
import { authenticateWith } from '../gateway/identity/authenticate.ts';
import { chooseDatabase } from '../db/connect/choose-database.ts';
import { aloneInCluster, type ConnectedCluster, connectCluster } from '../platform/cluster/connect.ts';
import { connectDatabase } from '../db/connect/connect-database.ts';
import { connectStandby } from '../db/connect/connect-standby.ts';
import { directAddress } from '../db/connect/direct-address.ts';
import type { Endings } from '../platform/endings.ts';
import { firstOrder } from '../gateway/http/first-order.ts';
import { aboutDemo, installationIn, wantsDemo } from '../db/connect/installation.ts';
import { requireDatabaseOfKeys } from '../db/connect/lost-database.ts';
import { signerAndSecrets } from '../db/connect/known-keys.ts';
import { givenTls, schemeOf } from '../platform/http/given-tls.ts';
import { listen, type ListenOptions, requireFreePort } from './process/listen.ts';
import { migrateDatabase } from '../db/connect/migrate-database.ts';
import { revocationsOf } from '../gateway/identity/known-revocations.ts';
import { tokenKey } from '../platform/secrets/token-key.ts';
import { ownWebhookSecrets } from '../platform/webhooks/own-secrets.ts';
import { publishedSupergraph } from '../gateway/published/published-supergraph.ts';
import { trustedOperations } from '../gateway/published/trusted-operations.ts';

/** Options of an embedded Agora. */
export interface EmbeddedOptions {
  config: Config & Partial<PaymentVariables>;
  log: Logger;
  /** Takes the closing of each part. */
  endings: Endings;
  /** Without demo data. */
  empty?: boolean;
  /** Deletes the embedded database first. */
  reset?: boolean;
  /** Goes on with other keys than those that the database was used with. */
  newKeys?: boolean;
  /** Called with each thing that happens, a line at a time. */
  report(line: string): void;
}

/** A started Agora. */
export interface Embedded {
  /** Address at which it answers: `http://127.0.0.1:4000`. */
  url: string;
  /** Whether the demo's accounts can sign in. */
  withDemo: boolean;
  /** Whether the shop has an administrator. */
  hasAdministrator: boolean;
}

/** Starts everything, in order. */
export async function startEmbedded(given: EmbeddedOptions): Promise<Embedded> {
  const tls = givenTls(given.config);
  await requireFolderAndPort(given.config);
  let started: { server: EmbeddedPostgres; kept: KeptServer } | undefined;
  const chosen = await chooseDatabase(given, async () => {
    started = await startPostgres(given);
    return started.server.url;
  });
  const { url: databaseUrl, fallback } = chosen;
  const config = withWebhookSecrets(chosen.config);
  const options = { ...given, config };
  const { log, endings, empty, report } = options;
  await endings.add(await startTracing(config, 'agora'));
  const agents = await loadAgents();
  await migrateDatabase(directAddress(databaseUrl, config), agents, report);
  const names = agents.map(({ name }) => name);
  const connections = await connectDatabase(databaseUrl, options, names);
  const database = withReason(connections.database, () => started?.kept.failure);
  const wanted = wantsDemo(empty, given.config);
  const installation = await installationIn(connections.kysely, wanted);
  const withDemo = installation.withDemo && allowsDemo(config);
  const standby = await connectStandby(agents, connections.addressOf, options);

  const tokens = tokensFrom(tokenKey(config));
  const keys = await signerAndSecrets(connections.kysely, config, given.newKeys);
  const cluster = await clusterOf(options, databaseUrl);
  const shared = { ...connections, database, ...cluster, config, log, clock: systemClock, tokens, ...keys };
  const backups = started?.server.archive
    ? new ScheduledBackups({ server: started.server, config, clock: systemClock, kysely: connections.kysely, log })
    : undefined;
  const dependencies = [...cluster.dependencies, ...standby.dependencies, ...(backups ? [backups] : [])];
  const host = await createHost({ ...shared, ...standby, dependencies, agents, instance: 'embedded', fallback });
  const { ACCESS_TOKEN_SECONDS: tokenSeconds } = config;
  const known = await revocationsOf(host, { tokenSeconds, broadcast: cluster.broadcast, log });
  const state = { ready: false, waitingFor: 'agents' };
  const gateway = await createGateway({
    subgraphs: host.subgraphs,
    // A composition takes longer than the rest of a start. Rooms that were changed since the release are composed.
    supergraphSdl: publishedSupergraph(host.subgraphs),
    authenticate: authenticateWith(
      tokens,
      known.revocations,
      new ApiKeys({ identity: identityOf(host.subgraphs), seconds: tokenSeconds }),
    ),
    log,
    graphiqlTabs: graphiqlTabs(withDemo ? firstOrder : undefined),
    isReady: () => readiness(state, host),
    health: host.health,
    trustedProxies: config.TRUSTED_PROXIES,
    limits: limitsFrom(config, { trusted: trustedOperations(), cache: cluster.cache }),
    limiter: cluster.limiter,
    metricsToken: config.METRICS_TOKEN,
    files: configuredStore(config),
    tls,
    agentCard: (url) => agentCard(agents, config.PUBLIC_URL ?? url),
  });
  await listen(gateway.server, listening(config));
  await endings.add(() => gateway.close());
  const { port } = gateway.server.address() as AddressInfo;
  const url = `${schemeOf(config)}://${config.HOST}:${port}`;
  if (config.SIMULATOR_WEBHOOK_URL === 'self') config.SIMULATOR_WEBHOOK_URL = `${url}/webhooks/payment/simulator`;

  await endings.add(() => host.stop('shut down'));
  await endings.add(known.polling.start());
  await endings.add(async () => gateway.refuse());
  await host.start();
  if (backups) await endings.add(running((signal) => backups.run(signal)));
  state.waitingFor = 'demo data';
  const about = aboutDemo(installation, wanted, config);
  if (about) report(about);
  if (wanted && withDemo) await host.loadDemo(report);
  state.ready = true;
  return { url, withDemo, hasAdministrator: await hasAdministrator(connections.kysely) };
}

const listening = ({ PORT, HOST }: Config): ListenOptions => ({
  port: PORT,
  host: HOST,
  variable: 'PORT',
  command: 'npm start',
});

/**
 * Requires what another process may have already, before anything is begun or deleted: the data folder first, since
 * another port would be of no use then.
 * @throws {Fault} `DATA_IN_USE`, `CANNOT_LISTEN`
 */
async function requireFolderAndPort(config: Config): Promise<void> {
  if (!config.DATABASE_URL) requireUnowned(dataDirOf(config));
  await requireFreePort(listening(config));
}

const dataDirOf = ({ AGORA_DATA }: Config): string => join(AGORA_DATA, 'postgres');

/** Has a database that is away tell why its server does not start again: its own connections only know that it is gone. */
const withReason = (probe: DatabaseProbe, failure: () => unknown): DatabaseProbe => ({
  ...probe,
  look: () =>
    probe.look().catch((error: unknown) => {
      throw failure() ?? error;
    }),
});

/**
 * An Agora that sends webhooks to itself has the secret for them: the configured one, or a generated one. Always a
 * copy.
 */
function withWebhookSecrets(config: EmbeddedOptions['config']): EmbeddedOptions['config'] {
  if (config.SIMULATOR_WEBHOOK_URL !== 'self' || config.PAYMENT_WEBHOOK_SECRETS) return { ...config };
  return { ...config, PAYMENT_WEBHOOK_SECRETS: ownWebhookSecrets(join(config.AGORA_DATA, 'payment-webhook-secrets')) };
}

/** The cluster has this process alone, unless Redis is configured. */
async function clusterOf({ config, log, endings }: EmbeddedOptions, url: string): Promise<ConnectedCluster> {
  if (!config.REDIS_URL) return aloneInCluster(log);
  return connectCluster(config, { log, endings, databaseUrl: directAddress(url, config) });
}

/** Starts work that goes on until it is aborted. Returns a function that aborts it and waits for its end. */
function running(work: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  const ending = new AbortController();
  const done = work(ending.signal);
  return () => {
    ending.abort();
    return done;
  };
}

/** Not ready before everything has started; then as ready as the agents are. */
function readiness(
  state: { ready: boolean; waitingFor: string },
  { health }: Host,
): { ready: boolean; details: object } {
  if (!state.ready) return { ready: false, details: { waitingFor: state.waitingFor } };
  const { ready, ...details } = health.ready();
  return { ready, details: ready && details.degradation === 0 ? {} : details };
}

/** Starts the embedded database, and keeps it running. */
async function startPostgres({
  config,
  reset,
  report,
  log,
  endings,
}: EmbeddedOptions): Promise<{ server: EmbeddedPostgres; kept: KeptServer }> {
  const dataDir = dataDirOf(config);
  if (reset) {
    await deleteEmbeddedPostgres(dataDir);
    report('the database was deleted');
  }
  // The keys of a fallback are those of the configured database.
  if (!reset && !config.DATABASE_URL) requireDatabaseOfKeys(config);
  // A fallback is not backed up: it is no shop's.
  const archive = (config.DATABASE_URL ? undefined : config.BACKUP_DIR) ?? NO_ARCHIVE;
  const settings = {
    dataDir,
    log: (line: string) => log.info(line),
    keepsStatementStatistics: config.DATABASE_STATEMENT_STATISTICS === 'on',
    alone: true,
    archive,
  };
  const postgres = await startEmbeddedPostgres(settings);
  if (postgres.archive) report(`the database is backed up in ${postgres.archive}`);
  const onFailure = (error: unknown, failures: number): void =>
    log.error({ failures }, `PostgreSQL did not start again, and will be tried again: ${(error as Error).message}`);
  const kept = keepRunning(postgres, { ...settings, onFailure });
  await endings.add(() => kept.stop());
  return { server: postgres, kept };
}
