import { expect, test } from '@jest/globals';
import { testDatabase } from '../../tests/support/database.ts';
import { startMortalPostgres } from '../../tests/support/mortal-postgres.ts';
import { startPooler } from '../../tests/support/pooler.ts';
import { type Logger, silentLogger } from '../log.ts';
import { NotifyLink } from './notify-link.ts';
import { until } from '../../tests/support/until.ts';

test('a notification reaches all processes on the same database, and none on another', async () => {
  const [database, other] = [await testDatabase(), await testDatabase()];
  const links = [database, database, other].map(({ url }) => new NotifyLink({ url, log: silentLogger }));
  const heard: string[][] = [[], [], []];
  try {
    links.forEach((link, n) => link.hear((message) => heard[n]!.push(message)));
    await Promise.all(links.map((link) => link.open()));
    expect(links[0]!.health).toMatchObject({ name: 'notify', status: 'UP', latencyMs: expect.any(Number) });
    expect(await links[0]!.send("it's | a, type")).toBe(true);
    expect(await links[2]!.send('over there')).toBe(true);
    await until(() => heard.every((messages) => messages.length > 0));
    expect(heard).toEqual([["it's | a, type"], ["it's | a, type"], ['over there']]);
  } finally {
    await Promise.all(links.map((link) => link.close()));
    await Promise.all([database.drop(), other.drop()]);
  }
});

test('a pooler, through which LISTEN would receive nothing, is detected', async () => {
  const pooler = await startPooler();
  if (!pooler) {
    process.stderr.write('\nSKIPPED: NOTIFY through a pooler. Install pgbouncer.\n\n');
    return;
  }
  const database = await testDatabase();
  const url = Object.assign(new URL(database.url), { host: pooler.address }).href;
  const link = new NotifyLink({ url, log: silentLogger });
  try {
    await link.open();
    expect(link.health).toMatchObject({ status: 'DOWN', lastCode: 'POOLED' });
    expect(link.health.lastError).toMatch('DATABASE_DIRECT_URL');
  } finally {
    await link.close();
    await pooler.end();
    await database.drop();
  }
});

test('a link reconnects to a PostgreSQL that was killed and is back, logged once', async () => {
  const lines: string[] = [];
  const note = (_: object, line: string): void => void lines.push(line);
  const server = await startMortalPostgres();
  const log = { ...silentLogger, info: note, warn: note, error: note } as Logger;
  const link = new NotifyLink({ url: server.url, log });
  try {
    const heard: string[] = [];
    link.hear((message) => heard.push(message));
    await link.open();
    await server.kill('SIGKILL');
    await until(() => link.health.status === 'DOWN');
    expect(await link.send('lost')).toBe(false);
    await server.restart();
    await until(() => link.isUp);
    await until(async () => (await link.send('again')) && heard.includes('again'));
    expect(heard).not.toContain('lost');
    expect(lines).toEqual([
      'PostgreSQL does not notify: other processes are woken without it, or poll',
      'PostgreSQL notifies again',
    ]);
  } finally {
    await link.close();
    await server.remove();
  }
});
