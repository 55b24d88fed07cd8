/** The whole of Agora in one process: PostgreSQL beside it, every agent, and the gateway. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../db/embedded-postgres.ts';
import { kyselyOver } from '../db/kysely.ts';
import { migrate } from '../db/migrator.ts';
import { ormFor } from '../db/orm.ts';
import { createPool } from '../db/pool.ts';
import { graphiqlTabs } from '../gateway/graphiql-tabs.ts';
import { createGateway } from '../gateway/server.ts';
import { createHost } from '../platform/agent/host.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { tokensFrom } from '../platform/identity/tokens.ts';
import { createLogger, type Logger } from '../platform/log.ts';
import { prepareSagas } from '../platform/sagas/worker.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { authenticateWith } from './authenticate.ts';
import { firstOrder } from './first-order.ts';
import { migrationSets } from './migration-sets.ts';
import { reachDatabase } from './reach-database.ts';
import { revocationsOf } from './revocations.ts';
import { tokenKey } from './token-key.ts';

/** How to start. */
export interface EmbeddedOptions {
  config: Config;
  /** Without demo data. */
  empty?: boolean;
  /** Deletes the embedded database first. */
  reset?: boolean;
  /** Told what happens, a line at a time. */
  report(line: string): void;
}

/** A running Agora. */
export interface Embedded {
  /** Where it answers: `http://127.0.0.1:4000`. */
  url: string;
  /** Of the database. */
  databaseUrl: string;
  /** Ends everything, within five seconds. */
  stop(): Promise<void>;
}

/** Connections for the sagas' engine, which polls and listens on its own. */
const SAGA_CONNECTIONS = 8;

/** Starts everything, in order; what was started is stopped again if a later part does not start. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { config, report } = options;
  const log = createLogger(config.LOG_LEVEL);
  const ending: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).reverse())
      await end().catch((error: unknown) => log.warn({ err: error }, 'did not stop cleanly'));
  };
  try {
    return await startParts(options, log, ending, stop);
  } catch (error) {
    await stop();
    report('did not start');
    throw error;
  }
}

async function startParts(
  { config, empty, reset, report }: EmbeddedOptions,
  log: Logger,
  ending: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Embedded> {
  if (config.DATABASE_URL) await reachDatabase(config.DATABASE_URL);
  const databaseUrl = config.DATABASE_URL ?? (await startPostgres(config, { reset, report, log }, ending));
  const agents = await loadAgents();
  await migrate(databaseUrl, migrationSets(agents), report);

  let isStopping = false;
  const lost = (error: Error): void =>
    void (isStopping || log.warn({ err: error }, 'a connection to the database was lost'));
  const pool = createPool({ url: databaseUrl, max: config.DATABASE_POOL, name: 'agora', onConnectionLost: lost });
  const sagaPool = createPool({
    url: databaseUrl,
    max: SAGA_CONNECTIONS,
    name: 'agora sagas',
    int8: 'text',
    onConnectionLost: lost,
  });
  ending.push(() => {
    isStopping = true;
    return Promise.all([pool.end(), sagaPool.end()]);
  });
  const sagas = { url: databaseUrl, pool: sagaPool };
  await prepareSagas(sagas);

  const tokens = tokensFrom(tokenKey(config));
  const kysely = kyselyOver(pool);
  const host = await createHost({
    agents,
    kysely,
    ormFor,
    config,
    log,
    clock: systemClock,
    tokens,
    sagas,
    instance: 'embedded',
  });
  const revocations = await revocationsOf(host, config);
  const state = { ready: false, waitingFor: 'agents' };
  const gateway = await createGateway({
    subgraphs: host.subgraphs,
    authenticate: authenticateWith(tokens, revocations),
    log,
    graphiqlTabs: graphiqlTabs(empty ? undefined : firstOrder),
    isReady: () => ({ ready: state.ready, details: state.ready ? {} : { waitingFor: state.waitingFor } }),
  });
  await listen(gateway.server, config);
  ending.push(() => gateway.close());

  await host.start();
  ending.push(() => host.stop('shut down'));
  state.waitingFor = 'demo data';
  if (!empty) await host.loadDemo(report);
  state.ready = true;
  const { port } = gateway.server.address() as AddressInfo;
  return { url: `http://${config.HOST}:${port}`, databaseUrl, stop };
}

async function startPostgres(
  config: Config,
  { reset, report, log }: { reset: boolean | undefined; report(line: string): void; log: Logger },
  ending: (() => Promise<unknown>)[],
): Promise<string> {
  const dataDir = join(config.AGORA_DATA, 'postgres');
  if (reset) {
    await deleteEmbeddedPostgres(dataDir);
    report('the database was deleted');
  }
  const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => log.info(line) });
  ending.push(() => postgres.stop());
  return postgres.url;
}

async function listen(server: import('node:http').Server, { PORT, HOST }: Config): Promise<void> {
  server.listen(PORT, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = isTaken ? `port ${PORT} of ${HOST} is taken` : (error as Error).message;
    throw new Fault(
      'CANNOT_LISTEN',
      `${reason}. Choose another with PORT (and HOST), as in \`PORT=${PORT + 1} npm start\`; 0 takes a free one.`,
      {
        cause: error,
      },
    );
  }
}
