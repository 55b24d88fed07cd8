/** Statements that PostgreSQL refuses an agent's role, tried as that role. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { applyRoles } from '../../db/roles.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { agentNames, loadAgents } from '../../subgraphs/index.ts';
import { newUuid } from '../../platform/ids.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { raw } from '../../platform/data/raw.ts';
import { partitions } from '../../platform/events/partitions.ts';
import { silentLogger } from '../../platform/log.ts';
import { logJobs } from '../../subgraphs/orchestration/events-desk/scheduled-jobs.ts';
import { heartbeat } from '../../platform/agent/registry.ts';
import { enqueueSaga } from '../../platform/sagas/enqueue.ts';
import { openAgents, type TestAgents } from '../support/agents.ts';
import type { TestRoles } from '../support/roles.ts';
import { until } from '../support/until.ts';

const REFUSED = '42501';

let agents: TestAgents;
let roles: TestRoles;
const names = agentNames();
beforeAll(async () => {
  agents = await openAgents(names, { start: true, roles: true });
  roles = agents.roles!;
});
afterAll(() => agents.close());

/** PostgreSQL's answer to this role: an error's code, or the number of rows that were returned or changed. */
const as = async (owner: string, statement: string): Promise<string | number> => {
  try {
    const { rowCount } = await roles.pool(owner).query(statement);
    return rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const query = async (text: string) => (await raw<any>(agents.kysely, text)).rows;

const event = (columns: string, values: string): string =>
  `insert into platform.event_log (id, type, source, aggregate_type, aggregate_id, aggregate_version, payload${columns})
   values (gen_random_uuid(), 'x.y', 'order', 'x', 'x', 1, '{}'${values})`;

test('no role reaches any table of another agent', async () => {
  const allowed = await query(
    `select r.rolname, c.oid::regclass::text as what from pg_roles r, pg_class c join pg_namespace n on n.oid = c.relnamespace
      where starts_with(r.rolname, '${roles.prefix}') and c.relkind in ('r', 'p', 'S')
        and n.nspname not in ('pg_catalog', 'information_schema', 'platform', 'pg_toast')
        and r.rolname not in ('${roles.prefix}_' || n.nspname, '${roles.prefix}_' || n.nspname || '_reader')
        and not (n.nspname = 'dbos' and r.rolname = '${roles.prefix}_orchestration')
        and case c.relkind when 'S' then has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
            else has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
              or has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references') end`,
  );
  expect(allowed).toEqual([]);
  expect(await as('order', 'select * from payment.payment')).toBe(REFUSED);
  expect(await as('order', `update payment.payment set status = 'CAPTURED'`)).toBe(REFUSED);
  expect(await as('orchestration', 'select * from "order".orders')).toBe(REFUSED);
  expect(await as('gateway', 'select * from identity.account')).toBe(REFUSED);
});

describe('the event log', () => {
  test('is read by agents, and appended to under their own names', async () => {
    expect(await as('order', 'select * from platform.event_log limit 1')).toBe(1);
    expect(await as('order', event('', ''))).toBe(1);
    expect(await as('payment', event('', ''))).toBe(REFUSED);
  });

  test.each([
    `update platform.event_log set payload = '{}'`,
    'delete from platform.event_log',
    'truncate platform.event_log',
    'drop table platform.event_log',
    'create index on platform.event_log (type)',
    'select * from platform.event_log_0',
    `update platform.log_identity set signed_from = '9999999'`,
    event(', xid', `, '1'`),
    event(', at', `, '2020-01-01'`),
    event(', position', ', 1'),
  ])('cannot be changed, nor appended to at another place: %s', async (statement) => {
    const [{ name }] = await query(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'platform.event_log'::regclass limit 1`,
    );
    const answer = await as('order', statement.replace('platform.event_log_0', name));
    // A generated column is refused before rights are checked.
    expect([REFUSED, '428C9']).toContain(answer);
  });
});

describe('the rebuild of a projection', () => {
  const rightsOf = () =>
    query(
      `select array_agg(format('%s %s', privilege_type, grantee::regrole) order by grantee::regrole::text, privilege_type) as rights from pg_class,
              aclexplode(relacl) where oid = 'customer.customer_order'::regclass and grantee <> relowner`,
    );

  test('is carried out by the role of its agent, which has no right to make tables, and leaves all rights as they were', async () => {
    expect(await as('customer', 'create table customer.other (id text)')).toBe(REFUSED);
    const before = await rightsOf();
    const [{ oid }] = await query(`select 'customer.customer_order'::regclass::oid as oid`);
    const asked = `update platform.log_cursor set rebuild = 'ASKED' where consumer = 'customer.orders' and tables_version = 1`;
    expect(await as('orchestration', asked)).toBe(1);
    await until('both sets are exchanged', async () => {
      const [row] = await query(`select 'customer.customer_order'::regclass::oid as oid`);
      return row.oid !== oid;
    });
    expect(await rightsOf()).toEqual(before);
  });

  test.each([
    `select platform.begin_rebuild('customer.orders', '{customer_order}')`,
    `select platform.finish_rebuild('customer.orders', '{customer_order}')`,
    `select platform.drop_rebuild('customer.orders')`,
    `select platform.drop_rebuild('pg_catalog.x')`,
    // Each role has the right of usage on the schema of the tables that agents share.
    `select platform.begin_rebuild('platform.x', '{agent_replica}')`,
    `select platform.finish_rebuild('platform.x', '{agent_replica}')`,
    `select platform.drop_rebuild('platform.x')`,
    `select platform.begin_rebuild('public.x', '{}')`,
  ])('is refused to the role of another: %s', async (statement) => {
    expect(await as('order', statement)).toBe(REFUSED);
    expect(await as('gateway', statement)).toBe(REFUSED);
  });
});

describe('tables that agents share', () => {
  test.each([
    ['another agent’s cursor', `update platform.log_cursor set position = 9 where consumer = 'notification'`, 0],
    ['every cursor', `update platform.log_cursor set moved_at = now()`, 'own'],
    ['another consumer', `insert into platform.log_cursor (consumer, xid, position) values ('other', '0', 0)`, REFUSED],
    ['the end of a cursor', `delete from platform.log_cursor where consumer = 'order'`, REFUSED],
    ['another agent’s heartbeat', `update platform.agent set heartbeat_at = now() where name = 'payment'`, 0],
    ['another agent’s name', `update platform.agent set name = 'payment2' where name = 'order'`, REFUSED],
    ['another agent’s parked events', `delete from platform.parked_event where consumer = 'notification'`, 0],
    ['another agent’s place', `update platform.agent_replica set url = 'http://evil'`, 'own'],
    ['a worker of sagas', 'select * from platform.saga_worker', REFUSED],
    ['the migrations', 'delete from platform.migration', REFUSED],
    ['the sagas’ states', 'select * from dbos.workflow_status', REFUSED],
    ['the sagas’ engine', `select dbos.enqueue_workflow('placeOrder', 'sagas')`, REFUSED],
  ])('refuse %s', async (_, statement, answer) => {
    for (const table of ['log_cursor', 'agent', 'parked_event', 'agent_replica'])
      expect(await query(`select relrowsecurity from pg_class where oid = 'platform.${table}'::regclass`)).toEqual([
        { relrowsecurity: true },
      ]);
    await query(
      `insert into platform.parked_event (consumer, aggregate_key, xid, position, event, state)
       values ('notification', 'a', '1', 1, '{}', 'DEAD') on conflict do nothing`,
    );
    await query(
      `insert into platform.agent_replica (agent, process, instance, url, sdl, sdl_hash, expires_at)
       values ('payment', '${newUuid()}', 'i', 'http://payment', '', '', now())`,
    );
    const got = await as('order', statement);
    if (answer === 'own') expect(got).toBe(statement.includes('log_cursor') ? await cursorsOf('order') : 0);
    else expect(got).toBe(answer);
    expect(await query(`select from platform.agent_replica where url = 'http://evil'`)).toEqual([]);
  });
  const cursorsOf = async (consumer: string) =>
    (await query(`select from platform.log_cursor where consumer = '${consumer}'`)).length;

  test("take an agent's own heartbeat, and no other agent's with it", async () => {
    const names = ['order', 'payment'];
    const [{ process }] = await query(`select process from platform.agent where name = 'order'`);
    const writer = { kysely: kyselyOver(roles.pool('order')), instance: 'test', process };
    const beats = new Map(names.map((name) => [name, {} as never]));
    expect(await heartbeat(writer, beats, new Date())).toEqual(['payment']);
  });

  test('let an agent start sagas by their names, and under no other', async () => {
    const order = kyselyOver(roles.pool('payment'));
    await enqueueSaga(order, 'placeOrder', 'order_none', {});
    expect(
      await query(`select status from dbos.workflow_status where workflow_uuid = 'placeOrder:order_none'`),
    ).toHaveLength(1);
    expect(
      await as('payment', `select platform.start_saga('placeOrder.v2', 'cancelOrder:x', '{}', 'sagas', 'sagas')`),
    ).toBe('P0001');
    expect(
      await as('gateway', `select platform.start_saga('placeOrder', 'placeOrder:x', '{}', 'sagas', 'sagas')`),
    ).toBe(REFUSED);
  });
});

describe('the marks of keys', () => {
  const mark = async () => (await query('select key_id, proof from platform.key_mark'))[0];
  const missing = (id: string, proof: string): string =>
    `select where platform.missing_key('SECRET_KEYS', '{${id}}', '{${proof}}') = 'old'`;
  beforeAll(() => query(`insert into platform.key_mark values ('SECRET_KEYS', 'old', 'proof of old')`));
  afterAll(() => query('truncate platform.key_mark'));

  test.each([
    'select proof from platform.key_mark',
    `insert into platform.key_mark values ('EVENT_KEYS', 'mine', 'mine')`,
    `update platform.key_mark set key_id = 'mine'`,
    'delete from platform.key_mark',
  ])('can be neither read nor written by a role: %s', async (statement) => {
    for (const owner of ['order', 'identity', 'orchestration', 'gateway'])
      expect(await as(owner, statement)).toBe(REFUSED);
  });

  test('can be moved only by a process that has the key', async () => {
    for (const [id, proof] of [
      ['mine', 'mine'],
      ['old', 'mine'],
      ['mine', 'proof of old'],
    ] as const)
      expect(await as('order', missing(id, proof))).toBe(1);
    expect(await as('gateway', missing('mine', 'mine'))).toBe(REFUSED);
    expect(await mark()).toEqual({ key_id: 'old', proof: 'proof of old' });
    expect(await as('order', missing('new,old', 'proof of new,proof of old'))).toBe(0);
    expect(await mark()).toEqual({ key_id: 'new', proof: 'proof of new' });
  });
});

test.each([
  'create table "order".more (id int)',
  'alter table "order".orders add column more int',
  'drop table "order".orders',
  'truncate "order".orders',
  'create schema more',
  'create table public.more (id int)',
  'create temporary table more (id int)',
  'create role more',
  'alter role current_user superuser',
  'select * from pg_authid',
  `select pg_read_file('/etc/passwd')`,
  `copy "order".orders to program 'true'`,
  'alter table platform.agent disable row level security',
  'create policy more on platform.agent using (true)',
  'set row_security = off; select * from platform.agent',
  'set role KEEPER',
  'set role OWNER',
  'grant select on "order".orders to public',
])('an agent can neither create nor drop anything: %s', async (statement) => {
  const owner = decodeURIComponent(new URL(process.env.AGORA_TEST_URL!).username);
  const written = statement.replace('KEEPER', `${roles.prefix}_keeper`).replace('OWNER', owner);
  // Granting a right that one may not grant is only a warning, and does nothing.
  if (written.startsWith('grant')) {
    await as('order', written);
    expect(await as('payment', 'select * from "order".orders')).toBe(REFUSED);
  } else expect(await as('order', written.replace('current_user', `${roles.prefix}_order`))).toBe(REFUSED);
});

test('a gateway reads the directory of replicas, and nothing else', async () => {
  const allowed = await query(
    `select c.relname::text as name from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'platform'::regnamespace
        and (has_table_privilege('${roles.prefix}_gateway', c.oid, 'select, insert, update, delete')
          or has_any_column_privilege('${roles.prefix}_gateway', c.oid, 'select, insert, update'))`,
  );
  expect(allowed).toEqual([{ name: 'agent_replica' }]);
  expect(await as('gateway', 'select agent, url from platform.agent_replica limit 1')).toBe(1);
  expect(await as('gateway', 'delete from platform.agent_replica')).toBe(REFUSED);
});

test('the log is owned by its keeper, whose role only orchestration may assume, for as long as the upkeep takes', async () => {
  expect(await as('orchestration', 'truncate platform.event_log')).toBe(REFUSED);
  const kysely = kyselyOver(roles.pool('orchestration'));
  const last = (await partitions(agents.kysely)).at(-1)!.name;
  await query(`drop table platform.${last}`);
  const ground = {
    clock: agents.clock,
    log: silentLogger,
    config: { EVENT_RETENTION_DAYS: 30 },
  } as unknown as AgentContext;
  for (const job of logJobs(ground))
    await kysely.connection().execute(async (session) => {
      await job.run(new AbortController().signal, session);
      expect((await raw(session, 'select from pg_roles where rolname = current_user and rolcanlogin')).count).toBe(1);
    });
  expect((await partitions(agents.kysely)).at(-1)!.name).toBe(last);
  expect(
    await query(
      `select pg_get_userbyid(relowner) = '${roles.prefix}_keeper' as kept from pg_class where relname = '${last}'`,
    ),
  ).toEqual([{ kept: true }]);
});

test('passwords reach the server as SCRAM verifiers, and a connection made by hand has the limits of its role', async () => {
  const admin = new pg.Client({ connectionString: process.env.AGORA_TEST_ADMIN_URL });
  const client = new pg.Client({ connectionString: roles.url('order') });
  await Promise.all([admin.connect(), client.connect()]);
  try {
    const { rows } = await admin.query(
      `select distinct left(rolpassword, 18) as kept from pg_authid where starts_with(rolname, $1) and rolcanlogin`,
      [roles.prefix],
    );
    expect(rows).toEqual([{ kept: 'SCRAM-SHA-256$4096' }]);
    expect((await client.query('show transaction_timeout')).rows).toEqual([{ transaction_timeout: '5s' }]);
  } finally {
    await Promise.all([admin.end(), client.end()]);
  }
});

test('a second run changes nothing, and needs no file for passwords; a table made later is reached at once', async () => {
  const url = ownersUrl(await databaseName());
  const confined = Object.fromEntries((await loadAgents()).map((agent) => [agent.name, agent.confined]));
  const lines: string[] = [];
  const options = { url, adminUrl: process.env.AGORA_TEST_ADMIN_URL, agents: names, confined, prefix: roles.prefix };
  await applyRoles({ ...options, report: (line) => void lines.push(line) });
  expect(lines).toHaveLength(names.length + 2);
  expect(lines.filter((line) => line.endsWith('was there'))).toHaveLength(names.length + 1);
  expect(lines.at(-1)).toContain(' 0 policies changed');
  await query('create table "order".made_later (id int)');
  expect(await as('order', 'insert into "order".made_later values (1)')).toBe(1);
  expect(await as('payment', 'select * from "order".made_later')).toBe(REFUSED);
});

test('after a second run the log can still be backed up by the database’s owner, and read by its keeper when it drops old partitions', async () => {
  const tables = ['event_log', ...(await partitions(agents.kysely)).map(({ name }) => name)];
  expect(await query('select from platform.event_log_position_seq')).toHaveLength(1);
  for (const table of tables) {
    expect(await query(`select from platform.${table} limit 0`)).toEqual([]);
    expect(
      await query(`select has_table_privilege('${roles.prefix}_keeper', 'platform.${table}', 'select') as may`),
    ).toEqual([{ may: true }]);
  }
});

test('a role that is not an agent’s own is refused before anything is changed', async () => {
  const url = ownersUrl(await databaseName());
  const options = {
    url,
    adminUrl: process.env.AGORA_TEST_ADMIN_URL,
    agents: names,
    prefix: roles.prefix,
    report: () => {},
  };
  const given = (agent: string, address: string) => ({ ...options, given: new Map([[agent, address]]) });
  await expect(applyRoles(given('order', url))).rejects.toMatchObject({ code: 'ROLE_SHARED' });
  await expect(applyRoles(given('order', roles.url('payment')))).rejects.toMatchObject({ code: 'ROLE_SHARED' });
  const mighty = given('order', process.env.AGORA_TEST_ADMIN_URL!);
  if (new URL(url).username !== new URL(process.env.AGORA_TEST_ADMIN_URL!).username)
    await expect(applyRoles(mighty)).rejects.toMatchObject({ code: 'ROLE_TOO_MIGHTY' });
  await expect(applyRoles({ ...options, prefix: `${roles.prefix}_x` })).rejects.toMatchObject({
    code: 'ROLES_NEED_OUT',
  });
  expect(await query(`select rolname from pg_roles where starts_with(rolname, '${roles.prefix}_x')`)).toEqual([]);
  expect(await as('order', 'select * from payment.payment')).toBe(REFUSED);
});

const databaseName = async (): Promise<string> => (await query('select current_database()::text as name'))[0].name;
const ownersUrl = (database: string): string => {
  const url = new URL(process.env.AGORA_TEST_URL!);
  url.pathname = `/${database}`;
  return url.href;
};
