import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { columnList } from '../../../platform/data/entity-table.ts';
import { raw } from '../../../platform/data/raw.ts';
import { actor, admin, openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { clientOf, PASSWORD } from '../identity.testing.ts';
import type { Head } from './chain.ts';
import { type AuditEntryRow, AuditEntrySchema } from './entities.ts';
import { verifyChain } from './verify.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents, { address: '203.0.113.7' });
});
afterAll(() => agents.close());

const rows = async <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  (await raw(agents.kysely, text, values)).rows as Row[];
const LOG =
  'nodes { position action actorId userId objectId address details at } pageInfo { endCursor hasNextPage } totalCount';
const logOf = (filter: object, page: object = {}) => client.query('auditLog', { filter, ...page }, LOG);
const verify = (noted?: Head) =>
  verifyChain(
    {
      after: (position, limit) =>
        rows<AuditEntryRow>(
          `select ${columnList(AuditEntrySchema)} from identity.audit_entry where position > $1 order by position limit $2`,
          [position, limit],
        ),
      head: async () => (await rows<Head>('select position, hash from identity.audit_head'))[0],
    },
    noted,
  );

let n = 0;
let user: { id: string };
let self: ReturnType<typeof actor>;
beforeEach(async () => {
  const answer = await client.signUp({ email: `audited.${++n}@example.com` });
  user = answer.user;
  self = await client.actorOf(answer);
});

test('the log has the actions on an account, the newest first, with actor and network', async () => {
  const email = `audited.${n}@example.com`;
  await client.signIn(email, 'wrong password');
  const second = await client.signIn(email);
  await client.signOut(await client.actorOf(second));
  await client.setRoles({ id: user.id, expectedVersion: 1, roles: ['CUSTOMER', 'VIEWER'] }, admin);
  const { nodes, totalCount } = await logOf({ userId: user.id });
  const who = ({ action, actorId }: { action: string; actorId: string }) => [action, actorId];
  expect(nodes.map(who)).toEqual([
    ['ROLES_CHANGED', admin.id],
    ['SIGNED_OUT', user.id],
    ['SIGNED_IN', 'anonymous'],
    ['SIGN_IN_REFUSED', 'anonymous'],
    ['SIGNED_UP', 'anonymous'],
  ]);
  expect(totalCount).toBe(5);
  expect(nodes[0].details).toEqual({ before: ['CUSTOMER'], after: ['CUSTOMER', 'VIEWER'] });
  expect(nodes[2]).toMatchObject({ objectId: expect.stringMatching(/^session_/), address: '203.0.113.0/24' });
});

test('the log has API keys, ended sessions and a stolen refresh token', async () => {
  const staff = actor({ ...self.claims(), roles: ['VIEWER'] });
  const key = { name: 'k', scopes: ['order:read'] };
  const { apiKey } = await client.mutate('createApiKey', key, 'apiKey { id }', staff);
  await client.mutate('revokeApiKey', { id: apiKey.id }, 'revoked', staff);
  const stolen = await client.signIn(`audited.${n}@example.com`);
  await client.refresh(stolen.refreshToken);
  agents.clock.advance(60_000);
  await client.refresh(stolen.refreshToken);
  await client.signIn(`audited.${n}@example.com`);
  await client.mutate('revokeOtherSessions', undefined, 'ended', self);
  const { nodes } = await logOf({ userId: user.id });
  expect(nodes.map(({ action }: { action: string }) => action)).toEqual([
    'SESSIONS_ENDED',
    'SIGNED_IN',
    'REFRESH_TOKEN_REUSED',
    'SIGNED_IN',
    'API_KEY_REVOKED',
    'API_KEY_CREATED',
    'SIGNED_UP',
  ]);
  expect(nodes[4].objectId).toBe(apiKey.id);
});

test('the log is filtered by action, actor and time, page by page', async () => {
  agents.clock.advance(1000);
  const from = agents.clock.now().toISOString();
  for (let i = 0; i < 3; i++) await client.signIn(`audited.${n}@example.com`);
  agents.clock.advance(1000);
  const filter = { actions: ['SIGNED_IN'], actorId: 'anonymous', from, to: agents.clock.now().toISOString() };
  const first = await logOf(filter, { first: 2 });
  const second = await logOf(filter, { first: 2, after: first.pageInfo.endCursor });
  expect([first.nodes.length, first.totalCount, second.nodes.length, second.pageInfo.hasNextPage]).toEqual([
    2,
    3,
    1,
    false,
  ]);
  expect((await logOf({ ...filter, actorId: user.id })).totalCount).toBe(0);
});

test('concurrent entries make one chain without a gap', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, i) => client.signUp({ email: `chain.${i}@example.com` })));
  const verification = await verify();
  expect(verification).toMatchObject({ isWhole: true });
  const [{ count }] = (await rows<{ count: bigint }>('select count(*) from identity.audit_entry')) as [
    { count: bigint },
  ];
  expect(verification).toMatchObject({ head: { position: count } });
});

test('the database refuses to change, delete or empty the log', async () => {
  const statements = [
    `update identity.audit_entry set actor_id = 'nobody'`,
    'delete from identity.audit_entry',
    'truncate identity.audit_entry',
    'delete from identity.audit_head',
    'update identity.audit_head set position = 0',
  ];
  for (const statement of statements) await expect(rows(statement)).rejects.toThrow('only ever added to');
});

/** Tampers with the log as the owner of the table can, and restores it in the end. */
async function tampering(change: string, work: () => Promise<void>): Promise<void> {
  const guards = (state: string) => rows(`alter table identity.audit_entry ${state} trigger user`);
  await rows('create table identity.audit_kept as select * from identity.audit_entry');
  await guards('disable');
  try {
    await rows(change);
    await work();
  } finally {
    await rows('delete from identity.audit_entry');
    await rows('insert into identity.audit_entry select * from identity.audit_kept');
    await rows('drop table identity.audit_kept');
    await guards('enable');
  }
}

test('the verifier names the first entry that was changed or removed', async () => {
  for (const column of ['actor_id', 'user_id', 'object_id', 'address', 'correlation_id', 'details', 'id'])
    await tampering(`update identity.audit_entry set ${column} = ${column} || 'x' where position in (3, 4)`, async () =>
      expect(await verify()).toEqual({ isWhole: false, misfit: 'entry 3 was changed' }),
    );
  await tampering(`update identity.audit_entry set at = at + interval '1 ms' where position = 2`, async () =>
    expect(await verify()).toEqual({ isWhole: false, misfit: 'entry 2 was changed' }),
  );
  await tampering(`delete from identity.audit_entry where position = 2`, async () =>
    expect(await verify()).toEqual({ isWhole: false, misfit: 'entry 2 is missing' }),
  );
  const [{ position }] = (await rows<Head>('select position from identity.audit_head')) as [Head];
  await tampering(`delete from identity.audit_entry where position = ${position}`, async () =>
    expect(await verify()).toEqual({ isWhole: false, misfit: `entry ${position} is missing` }),
  );
});

test('a noted end reveals that the chain was rewritten', async () => {
  const verification = await verify();
  if (!verification.isWhole) throw new Error(verification.misfit);
  const { head } = verification;
  await client.signIn(`audited.${n}@example.com`);
  expect(await verify(head)).toMatchObject({ isWhole: true });
  expect(await verify({ ...head, hash: 'f'.repeat(64) })).toEqual({
    isWhole: false,
    misfit: `entry ${head.position} is not the one that was there`,
  });
  expect(await verify({ position: head.position + 9n, hash: head.hash })).toMatchObject({ isWhole: false });
});

test('the log has no personal data and no secret', async () => {
  const text = JSON.stringify(await rows('select a::text from identity.audit_entry a'));
  for (const word of ['audited', 'example.com', PASSWORD, 'Ada', '203.0.113.7']) expect(text).not.toContain(word);
});
