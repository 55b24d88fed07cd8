import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../platform/data/raw.ts';
import { START } from '../platform/events/cursor.ts';
import { readLog } from '../platform/events/event-log.ts';
import { openAgents, type TestAgents } from '../tests/support/agents.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { orSkip } from '../tests/support/or-skip.ts';
import { dumpDatabase, restoreDatabase } from './dump.ts';
import { findTool } from './postgres-tools.ts';

const SERVER = 18;
const program = await findTool('pg_dump', SERVER).catch(() => undefined);
const withTools = orSkip(
  Boolean(program),
  test,
  'dump and restore by PostgreSQL’s own programs',
  `postgresql-client-${SERVER}`,
);
const withoutTools = program ? test.skip : test;

let folder: string;
let agents: TestAgents;
let empty: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agora-dump-'));
  agents = await openAgents(['order', 'orchestration'], { roles: true, start: true });
  empty = await testDatabase();
});
afterAll(async () => {
  await agents.close();
  await empty.drop();
  rmSync(folder, { recursive: true });
});

const urlOf = async (): Promise<string> => {
  const { rows } = await raw<{ name: string }>(agents.kysely, 'select current_database()::text as name');
  const url = new URL(process.env.AGORA_TEST_URL!);
  url.pathname = `/${rows[0]!.name}`;
  return url.href;
};

withTools(
  'a dump of a running Agora is restored elsewhere, without its roles, and its log can be read on',
  async () => {
    const file = join(folder, 'dump');
    await dumpDatabase(await urlOf(), file);
    await expect(dumpDatabase(await urlOf(), file)).rejects.toMatchObject({ code: 'BACKUP_EXISTS' });
    await restoreDatabase(empty.url, file);
    await expect(restoreDatabase(empty.url, file)).rejects.toMatchObject({ code: 'RESTORE_NOT_EMPTY' });
    const typesIn = async (kysely: TestDatabase['kysely']) =>
      (await readLog(kysely, START, { limit: 500 })).events.map(({ type }) => type);
    const restored = await typesIn(empty.kysely);
    expect(restored.length).toBeGreaterThan(0);
    expect((await typesIn(agents.kysely)).slice(0, restored.length)).toEqual(restored);
  },
);

withoutTools(
  'without the programs of the server’s version nothing is begun, and the missing package is named',
  async () => {
    const file = join(folder, 'dump');
    await expect(dumpDatabase(await urlOf(), file)).rejects.toThrow('Install postgresql-client-18');
    expect(existsSync(file)).toBe(false);
  },
);

test('a database that holds an Agora already is not restored into', async () => {
  const restoring = restoreDatabase(await urlOf(), join(folder, 'none'));
  await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_NOT_EMPTY' });
});
