/**
 * PostgreSQL roles for Agora in many processes: one for each agent, one for gateways, and one that owns the event log.
 * An agent's role reaches its own schema and its own rows of shared tables, and PostgreSQL refuses it everything else.
 * The owner of the database migrates it, and no process that serves requests needs that role.
 */
import pg from 'pg';
import type { Confined } from '../platform/data/confined.ts';
import { Fault } from '../platform/errors.ts';
import { confine, type Reader } from './confine.ts';
import { type Account, type AccountsOptions, makeAccounts } from './roles/accounts.ts';
import { grantsOf, type RoleRights } from './roles/grants.ts';
import { applyPolicies } from './roles/policies.ts';
import { FUNCTIONS_OF_AGENT, GATEWAY, KEEPER, ORCHESTRATION, rightsOfAgent } from './roles/rights.ts';

/** Options of making the roles. */
export interface RolesOptions extends AccountsOptions {
  /** The names of all agents. */
  agents: readonly string[];
  /** Configured addresses, by agent (or `gateway`): their users become the roles, with these passwords. */
  given?: ReadonlyMap<string, string>;
  /** Address of a role that may make roles. @default url */
  adminUrl?: string;
  /** Tables with row-level security for readers, by agent. @default none */
  confined?: Readonly<Record<string, Confined | undefined>>;
  /** Prefix of the roles' names, for several Agoras on one server. @default 'agora' */
  prefix?: string;
}

/** Owner's name of the account for gateways, beside the agents'. */
const GATEWAYS = 'gateway';

/**
 * Makes the roles that are missing and brings the rights of all to what they must be. Idempotent, to be run after every
 * migration: rights that are right already are left alone.
 * @throws {Fault} `ROLES_NEED_MIGRATIONS`, `ROLES_NEED_OUT`, `ROLE_TOO_MIGHTY`, `ROLE_SHARED`
 */
export async function applyRoles(options: RolesOptions): Promise<void> {
  const { url, adminUrl = url, agents, prefix = 'agora', report } = options;
  const accounts = [...agents, GATEWAYS].map((owner) => accountOf(owner, prefix, options.given?.get(owner)));
  const role = (owner: string): string => accounts.find((account) => account.owner === owner)!.role;
  refuseShared(accounts, decodeURIComponent(new URL(url).username));
  const keeper = `${prefix}_keeper`;
  const readers = agents.flatMap((agent) => {
    const confined = options.confined?.[agent];
    return confined ? [{ schema: agent, confined, role: `${role(agent)}_reader`, usedBy: role(agent) }] : [];
  });
  await connected(url, (client) => requireTables(client, agents));
  await connected(adminUrl, (admin) =>
    makeAccounts(
      admin,
      accounts,
      { role: keeper, usedBy: accounts.find(({ owner }) => owner === ORCHESTRATION)?.role },
      readers,
      options,
    ),
  );
  const rights = [
    ...agents.map((agent) => ({
      role: role(agent),
      schemas: agent === ORCHESTRATION ? [agent, 'dbos'] : [agent],
      rights: rightsOfAgent(agent),
      functions: FUNCTIONS_OF_AGENT,
    })),
    { role: role(GATEWAYS), schemas: [], rights: GATEWAY, functions: [] },
    { role: keeper, schemas: [], rights: KEEPER, functions: [] },
  ];
  await connected(url, (client) => applyRights(client, { keeper, agents, rights, readers, report }));
}

async function applyRights(
  client: pg.Client,
  {
    keeper,
    agents,
    rights,
    readers,
    report,
  }: Pick<RolesOptions, 'agents' | 'report'> & { keeper: string; rights: RoleRights[]; readers: Reader[] },
): Promise<void> {
  // Other sessions read and write meanwhile: a wait for a lock here makes all behind it wait.
  await client.query(`begin; set local lock_timeout = '2s'`);
  const { rows: tables } = await client.query<{ name: string; columns: string[] }>(
    `select c.relname::text as name, array_agg(a.attname::text) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'platform'::regnamespace and a.attnum > 0 and not a.attisdropped group by 1`,
  );
  const columns = new Map(tables.map((table) => [table.name, table.columns]));
  const { rows } = await client.query<{ name: string }>('select current_database()::text as name');
  const database = pg.escapeIdentifier(rows[0]!.name);
  const login = rights.filter(({ role }) => role !== keeper).map(({ role }) => pg.escapeIdentifier(role));
  const statements = [
    `revoke all on database ${database} from public`,
    `grant connect on database ${database} to ${login.join(', ')}`,
    ...rights.flatMap((each) => grantsOf(each, ['platform', 'dbos', ...agents], columns)),
    `grant create on schema platform to ${pg.escapeIdentifier(keeper)}`,
  ];
  for (const statement of statements) await client.query(statement);
  await giveLogTo(client, keeper);
  const changed = (await applyPolicies(client, rights)) + (await confine(client, readers));
  await client.query('commit');
  report(`rights of ${rights.length} roles are set, ${changed} policies changed`);
}

/**
 * Gives the log and each of its partitions to its keeper: partitions are added and dropped while Agora runs, which only
 * an owner may do. An owner's implicit rights were taken away with all the rest, and with them those of roles that
 * inherit it, such as the one that makes a backup.
 */
async function giveLogTo(client: pg.Client, keeper: string): Promise<void> {
  const to = pg.escapeIdentifier(keeper);
  const { rows } = await client.query<{ name: string; isTable: boolean; isOwned: boolean }>(
    `select relname::text as name, relkind <> 'S' as "isTable", relowner = $1::regrole as "isOwned" from pg_class
      where relnamespace = 'platform'::regnamespace and relkind in ('r', 'p', 'S')
        and relname ~ '^event_log(_\\d+|_position_seq)?$'`,
    [to],
  );
  for (const { name, isTable, isOwned } of rows) {
    const what = `${isTable ? 'table' : 'sequence'} platform.${pg.escapeIdentifier(name)}`;
    // A sequence goes with its table.
    if (isTable && !isOwned) await client.query(`alter ${what} owner to ${to}`);
    await client.query(`grant all on ${what} to ${to}`);
  }
}

function accountOf(owner: string, prefix: string, given?: string): Account {
  const variable = `DATABASE_URL_${owner.toUpperCase()}`;
  if (!given) return { owner, role: `${prefix}_${owner}`, variable };
  const { username, password } = new URL(given);
  return { owner, role: decodeURIComponent(username), variable, password: decodeURIComponent(password) || undefined };
}

function refuseShared(accounts: readonly Account[], databaseOwner: string): void {
  const seen = new Map([[databaseOwner, 'DATABASE_URL']]);
  for (const { role, variable } of accounts) {
    const other = seen.get(role);
    if (other)
      throw new Fault('ROLE_SHARED', `${variable} and ${other} name the same role, ${role}: each needs its own.`);
    seen.set(role, variable);
  }
}

async function requireTables(client: pg.Client, agents: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) name where to_regnamespace(quote_ident(name)) is null`,
    [['platform', 'dbos', ...agents]],
  );
  if (rows.length === 0) return;
  const missing = rows.map(({ name }) => name).join(', ');
  throw new Fault('ROLES_NEED_MIGRATIONS', `The database lacks ${missing}: run \`npm run db:migrate\` first.`);
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'agora roles',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
