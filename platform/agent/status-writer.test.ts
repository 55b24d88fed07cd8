import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { silentLogger } from '../log.ts';
import { defineAgent } from './define-agent.ts';
import { StatusWriter } from './status-writer.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(() => small.database.pool.query('truncate platform.event_log, platform.agent'));

const agent = defineAgent({
  name: 'small',
  area: 'system',
  title: 'Small',
  description: '',
  skills: [],
  at: import.meta.url,
  entities: [],
  emits: [],
  build: () => ({ resolvers: {} }),
});
const HEALTH = { dependencies: [], breakers: [], errors: 0, lastError: null };

function statusWriter() {
  const world = { written: 0 };
  const it = new StatusWriter({
    kysely: small.kysely,
    instance: 'test',
    process: 'p1',
    log: silentLogger,
    healthOf: () => HEALTH,
    onWritten: () => world.written++,
  });
  return { it, world };
}
const change = (status: 'STARTING' | 'DEGRADED' | 'RUNNING', degradation = 0, minute = 0) => ({
  status,
  degradation,
  at: new Date(Date.UTC(2026, 5, 1, 12, minute)),
});
const events = async () =>
  (await small.database.pool.query('select payload from platform.event_log order by xid, position')).rows.map(
    ({ payload }) => `${payload.status} ${payload.degradation} ${payload.changedAt}`,
  );

/** Makes the database read-only (or not) for every new session, and ends the open ones. */
async function readOnly(is: boolean): Promise<void> {
  const name = new URL(small.database.url).pathname.slice(1);
  const { pool } = small.database;
  await pool.query(`alter database ${name} ${is ? 'set default_transaction_read_only = on' : 'reset all'}`).catch(
    // This session is read-only itself.
    () => pool.query(`begin read write; alter database ${name} reset all; commit`),
  );
  await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`);
  await pool.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
}

test('changes that could not be written are queued in order, with their times, and the row holds the last', async () => {
  const { it, world } = statusWriter();
  it.note(agent, change('STARTING'));
  await it.write();
  await readOnly(true);
  it.note(agent, change('DEGRADED', 4, 1));
  it.note(agent, change('RUNNING', 0, 2));
  await expect(it.write()).rejects.toMatchObject({ code: '25006' });
  expect([it.isUpToDate, world.written]).toEqual([false, 1]);
  await readOnly(false);
  await it.write();
  expect(it.isUpToDate).toBe(true);
  expect(await events()).toEqual([
    'STARTING 0 2026-06-01T12:00:00.000Z',
    'DEGRADED 4 2026-06-01T12:01:00.000Z',
    'RUNNING 0 2026-06-01T12:02:00.000Z',
  ]);
  const { rows } = await small.database.pool.query('select status, version from platform.agent');
  expect(rows).toEqual([{ status: 'RUNNING', version: 3 }]);
});

test('a change that can never be written is dropped, so that later ones are written', async () => {
  const { it } = statusWriter();
  it.note(agent, { ...change('DEGRADED'), degradation: 7 });
  await it.write();
  it.note(agent, change('RUNNING'));
  await it.write();
  expect(await events()).toEqual(['RUNNING 0 2026-06-01T12:00:00.000Z']);
});

test('a long absence of the database costs the oldest changes, not the memory', async () => {
  const { it } = statusWriter();
  for (let n = 0; n < 250; n++) it.note(agent, change(n % 2 ? 'DEGRADED' : 'RUNNING', n % 2, n % 60));
  await it.write();
  expect(await events()).toHaveLength(100);
});

test('a change whose transaction loses a deadlock is written again, not dropped', async () => {
  await small.database.pool.query(`
    create sequence losses;
    create function lose() returns trigger language plpgsql as $$ begin
      if nextval('losses') = 1 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
      return new;
    end $$;
    create trigger lose before insert on platform.agent for each row execute function lose()`);
  try {
    const { it } = statusWriter();
    it.note(agent, change('RUNNING'));
    await it.write();
    expect(await events()).toEqual(['RUNNING 0 2026-06-01T12:00:00.000Z']);
  } finally {
    await small.database.pool.query('drop function lose cascade; drop sequence losses');
  }
});
