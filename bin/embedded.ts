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
import type { Logger } from '../platform/log.ts';
import { prepareSagas } from '../platform/sagas/worker.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { authenticateWith } from './authenticate.ts';
import type { Endings } from './endings.ts';
import { firstOrder } from './first-order.ts';
import { migrationSets } from './migration-sets.ts';
import { reachDatabase } from './reach-database.ts';
import { revocationsOf } from './revocations.ts';
import { tokenKey } from './token-key.ts';

/** How to start. */
export interface EmbeddedOptions {
  config: Config;
  log: Logger;
  /** Takes what must be ended. */
  endings: Endings;
  /** Without demo data. */
  empty?: boolean;
  /** Deletes the embedded database first. */
  reset?: boolean;
  /** Told what happens, a line at a time. */
  report(line: string): void;
}

/** Connections for the sagas' engine, which polls and listens on its own. */
const SAGA_CONNECTIONS = 8;

/** Starts everything, in order, and says where it answers: `http://127.0.0.1:4000`. */
export async function startEmbedded(options: EmbeddedOptions): Promise<string> {
  const { config, log, endings, empty, report } = options;
  const databaseUrl = config.DATABASE_URL ? await reachDatabase(config.DATABASE_URL) : await startPostgres(options);
  const agents = await loadAgents();
  await migrate(databaseUrl, migrationSets(agents), report);
  const { kysely, sagas } = await connect(databaseUrl, options);
  await prepareSagas(sagas);

  const tokens = tokensFrom(tokenKey(config));
  const shared = { kysely, ormFor, config, log, clock: systemClock, tokens, sagas };
  const host = await createHost({ ...shared, agents, instance: 'embedded' });
  const state = { ready: false, waitingFor: 'agents' };
  const gateway = await createGateway({
    subgraphs: host.subgraphs,
    authenticate: authenticateWith(tokens, await revocationsOf(host, config)),
    log,
    graphiqlTabs: graphiqlTabs(empty ? undefined : firstOrder),
    isReady: () => ({ ready: state.ready, details: state.ready ? {} : { waitingFor: state.waitingFor } }),
  });
  await listen(gateway.server, config);
  await endings.add(() => gateway.close());

  await endings.add(() => host.stop('shut down'));
  await host.start();
  state.waitingFor = 'demo data';
  if (!empty) await host.loadDemo(report);
  state.ready = true;
  const { port } = gateway.server.address() as AddressInfo;
  return `http://${config.HOST}:${port}`;
}

async function connect(url: string, { config, log, endings }: EmbeddedOptions) {
  const onConnectionLost = (error: Error): void => {
    if (!endings.isStopping) log.warn({ err: error }, 'a connection to the database was lost');
  };
  const pool = createPool({ url, max: config.DATABASE_POOL, name: 'agora', onConnectionLost });
  const sagaPool = createPool({ url, max: SAGA_CONNECTIONS, name: 'agora sagas', int8: 'text', onConnectionLost });
  await endings.add(() => Promise.all([pool.end(), sagaPool.end()]));
  return { kysely: kyselyOver(pool), sagas: { url, pool: sagaPool } };
}

async function startPostgres({ config, reset, report, log, endings }: EmbeddedOptions): Promise<string> {
  const dataDir = join(config.AGORA_DATA, 'postgres');
  if (reset) {
    await deleteEmbeddedPostgres(dataDir);
    report('the database was deleted');
  }
  const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => log.info(line) });
  await endings.add(() => postgres.stop());
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
