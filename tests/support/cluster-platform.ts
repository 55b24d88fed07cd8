/** The shop of shop.ts on Agora as many processes: the same tests, unchanged, against what a deployment runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, type ClusterOptions, startCluster } from '../../bin/distributed/cluster.ts';
import { kyselyOver } from '../../db/kysely.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { temporaryData } from './agora-process.ts';
import { type SigningPlatform, watch } from './platform.ts';
import { UNLIMITED } from './unlimited.ts';
import { testPool } from './test-pool.ts';

/** Agora as many processes, which may be killed and started again. */
export interface ClusterPlatform extends SigningPlatform {
  readonly cluster: Cluster;
  /** Output of the processes. */
  output(): string;
  /** The same through one of the gateways: `gateway-1`, `gateway-2`. The platform itself uses them in turn. */
  through(gateway: string): Pick<SigningPlatform, 'ask' | 'watch' | 'url'>;
}

/** Starts a cluster, without demo data. */
export async function openCluster(options: Partial<ClusterOptions> = {}): Promise<ClusterPlatform> {
  const folder = temporaryData();
  const lines: string[] = [];
  const cluster = await startCluster({
    data: folder.data,
    report: (line) => lines.push(line),
    onLine: (member, line) => lines.push(`${member} ${line}`),
    ...options,
    // No load balancer stands before the gateways that would have to notice their end.
    env: { DRAIN_SECONDS: '0', ...UNLIMITED, ...options.env },
    postgres: { fsync: 'off', ...options.postgres },
  }).catch(async (error) => {
    await folder.remove();
    throw new Error(`${(error as Error).message}\n${lines.join('\n')}`, { cause: error });
  });
  const limits = { statementTimeout: 0, transactionTimeout: 0 };
  const pool = testPool({ url: cluster.databaseUrl, max: 8, name: 'agora test observer', ...limits });
  const tokens = tokensFrom(readFileSync(join(folder.data, 'token-key.pem'), 'utf8'));
  const token = async (as: Actor, seconds = 900): Promise<string> =>
    (await tokens.sign(as.claims(), seconds, new Date())).token;
  const authorization = async (as?: Actor): Promise<Record<string, string>> =>
    as ? { authorization: `Bearer ${await token(as)}` } : {};

  const at = (address: () => string): ReturnType<ClusterPlatform['through']> => ({
    get url() {
      return `${address()}/graphql`;
    },
    async ask(query, variables, as) {
      const response = await fetch(`${address()}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await authorization(as)) },
        body: JSON.stringify({ query, variables }),
      });
      return { ...((await response.json()) as object), status: response.status };
    },
    watch: (query, variables, as) =>
      watch(`${address().replace('http', 'ws')}/graphql`, { query, variables }, () => authorization(as)),
  });
  let turn = 0;
  // Gateways keep their ports: one that is away refuses connections, as it would anywhere.
  const gateways = new Map(
    cluster.members.filter(({ name }) => name.startsWith('gateway')).map((g) => [g.name, g.url!]),
  );
  const inTurn = at(() => [...gateways.values()][turn++ % gateways.size]!);
  return {
    cluster,
    ask: inTurn.ask,
    watch: inTurn.watch,
    url: `${cluster.gateways[0]}/graphql`,
    kysely: kyselyOver(pool),
    token,
    output: () => lines.join('\n'),
    through: (gateway) => at(() => gateways.get(gateway)!),
    async close() {
      if (process.env.AGORA_TEST_OUTPUT) writeFileSync(process.env.AGORA_TEST_OUTPUT, lines.join('\n'));
      await pool.end();
      await cluster.stop();
      await folder.remove();
    },
  };
}
