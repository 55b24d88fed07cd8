/** A role for each agent of a test's database, as `npm run db:roles` makes them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { kyselyOver } from '../../db/kysely.ts';
import { applyRoles } from '../../db/roles.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { asAdmin } from './database.ts';
import { testPool } from './test-pool.ts';

/** The roles of one database. */
export interface TestRoles {
  /** A host's connections, with each agent on its own role. */
  ground: { kysely: Kysely<any>; kyselyFor(agent: string): Kysely<any> };
  /** Connections of the saga worker, as orchestration. */
  sagas: { url: string; pool: Pool };
  /** The output of `npm run db:roles`: DATABASE_URL_ORDER and so on. */
  env: Readonly<Record<string, string>>;
  /** The address for an agent, or for `gateway`. */
  url(owner: string): string;
  pool(owner: string): Pool;
  /** Prefix of the roles' names. */
  prefix: string;
  /** Ends the connections. */
  end(): Promise<void>;
  /** Drops the roles: they are the server's and not the database's, so after it is gone. */
  drop(): Promise<void>;
}

/** Makes the roles of these agents. */
export async function testRoles(url: string, agents: readonly string[]): Promise<TestRoles> {
  const folder = mkdtempSync(join(tmpdir(), 'agora-roles-'));
  const out = join(folder, 'secrets.env');
  const prefix = `test_${randomBytes(4).toString('hex')}`;
  const definitions = await loadAgents(agents);
  const confined = Object.fromEntries(definitions.map(({ name, confined }) => [name, confined]));
  const readers = definitions.flatMap(({ name, confined }) => (confined ? [`${name}_reader`] : []));
  await applyRoles({
    confined,
    url,
    adminUrl: process.env.AGORA_TEST_ADMIN_URL,
    agents,
    prefix,
    out,
    report: () => {},
  });
  const isPrivate = (statSync(out).mode & 0o777) === 0o600;
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  rmSync(folder, { recursive: true });
  if (!isPrivate) throw new Error('others may read the passwords');
  const urls = new Map(lines.map((line) => line.split(/=(.*)/s) as [string, string]));
  const urlOf = (owner: string): string => urls.get(`DATABASE_URL_${owner.toUpperCase()}`)!;
  const pools = new Map<string, Pool>();
  const pool = (owner: string): Pool => {
    const known = pools.get(owner) ?? testPool({ url: urlOf(owner), max: 4, name: `agora ${owner}` });
    pools.set(owner, known);
    return known;
  };
  const kyselies = new Map(agents.map((agent) => [agent, kyselyOver(pool(agent))]));
  const sagas = agents.includes('orchestration') ? 'orchestration' : agents[0]!;
  const sagaPool = testPool({ url: urlOf(sagas), max: 6, name: 'agora test sagas', int8: 'text' });
  return {
    ground: { kysely: kyselies.get(agents[0]!)!, kyselyFor: (agent) => kyselies.get(agent)! },
    sagas: { url: urlOf(sagas), pool: sagaPool },
    env: Object.fromEntries(urls),
    url: urlOf,
    pool,
    prefix,
    end: async () => void (await Promise.all([...pools.values(), sagaPool].map((each) => each.end()))),
    drop: () =>
      asAdmin(async (admin) => {
        for (const owner of [...agents, 'gateway', 'keeper', ...readers])
          await admin.query(`drop role ${prefix}_${owner}`);
      }),
  };
}
