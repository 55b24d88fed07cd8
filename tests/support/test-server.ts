/**
 * The PostgreSQL of a test run: an embedded one in a temporary folder, or the one that AGORA_TEST_DATABASE_URL names,
 * whose role must be allowed to create databases.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteEmbeddedPostgres, type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { endAll } from './agora-process.ts';

/**
 * Settings without durability, for a server that lives for minutes. Not for tests of crashes: those start a server of
 * their own.
 */
const FAST = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', shared_buffers: '64MB' };

const PREFIX = 'agora-test-';

let server: EmbeddedPostgres | undefined;
let folder: string | undefined;

/** Runs before the first test file. The workers inherit its variables. */
export async function setUp(): Promise<void> {
  const given = process.env.AGORA_TEST_DATABASE_URL;
  if (given) {
    Object.assign(process.env, { AGORA_TEST_URL: given, AGORA_TEST_ADMIN_URL: given });
    return;
  }
  await sweep();
  folder = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(folder, 0o755); // For root, whose server runs as another user.
  server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    log: () => {},
    settings: FAST,
    endsWithUs: true,
  });
  Object.assign(process.env, { AGORA_TEST_URL: server.url, AGORA_TEST_ADMIN_URL: server.adminUrl });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void tearDown().finally(() => process.exit(1)));
  }
}

/** Runs after the last test file. */
export async function tearDown(): Promise<void> {
  await endAll();
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}

/** Deletes the servers of runs that were killed outright. Those of live runs refuse to be deleted. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const left = join(tmpdir(), name);
    try {
      if (Date.now() - statSync(left).mtimeMs < 600_000) continue; // Some of its servers are stopped and have no owner.
      await deleteEmbeddedPostgres(join(left, 'postgres'));
      rmSync(left, { recursive: true, force: true });
    } catch {
      // In use, or another user's.
    }
  }
}
