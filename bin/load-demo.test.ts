/** `npm run demo:load` on a PostgreSQL of one's own, with the keys that `npm start` keeps in AGORA_DATA, and without any. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signerAndSecrets } from '../db/connect/known-keys.ts';
import { migrateDatabase } from '../db/connect/migrate-database.ts';
import { migrationSets } from '../db/connect/migration-sets.ts';
import { parseKeyRing } from '../platform/secrets/key-ring.ts';
import { tokenKey } from '../platform/secrets/token-key.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';

let database: TestDatabase;
let AGORA_DATA: string;
beforeAll(async () => {
  const agents = await loadAgents();
  database = await testDatabase({ sets: migrationSets(agents) });
  await migrateDatabase(database.url, agents, () => {});
  AGORA_DATA = mkdtempSync(join(tmpdir(), 'agora-demo-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(AGORA_DATA, { recursive: true });
});

function run(): Promise<{ code: number; said: string }> {
  const program = ['--no-warnings', join(import.meta.dirname, 'load-demo.ts')];
  const env = { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'error', DATABASE_URL: database.url, AGORA_DATA };
  return new Promise((resolve) => {
    execFile(process.execPath, program, { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
  });
}

const count = async (table: string): Promise<number> =>
  (await database.pool.query(`select count(*)::int as there from ${table}`)).rows[0].there;

test('without keys the command names the missing ones, makes none, and writes nothing', async () => {
  const { code, said } = await run();
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/Give EVENT_KEYS, SECRET_KEYS, TOKEN_KEY, .*AGORA_DATA.*npm start.*secrets:new/),
  });
  expect(readdirSync(AGORA_DATA)).toEqual([]);
  expect(await count('platform.key_mark')).toBe(0);
  expect(await count('platform.installation')).toBe(0);
});

test('with the keys that a start made in AGORA_DATA the demo data is loaded, and the next start knows the database', async () => {
  const config = { AGORA_DATA };
  await signerAndSecrets(database.kysely, config);
  tokenKey(config);
  const before = readdirSync(AGORA_DATA);
  expect(await run()).toEqual({ code: 0, said: expect.stringContaining('the demo data is in') });
  expect(readdirSync(AGORA_DATA)).toEqual(before);
  expect(await count('product.product')).toBeGreaterThan(900);
  const [{ id }] = parseKeyRing(readFileSync(join(AGORA_DATA, 'event-keys'), 'utf8'));
  const { rows } = await database.pool.query(`select key_id from platform.key_mark where variable = 'EVENT_KEYS'`);
  expect(rows).toEqual([{ key_id: id }]);
  await expect(signerAndSecrets(database.kysely, config)).resolves.toBeDefined();
});
