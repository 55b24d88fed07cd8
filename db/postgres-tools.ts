import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { Fault } from '../platform/errors.ts';

const run = promisify(execFile);

/** Debian's folder for the programs of each version. */
const VERSIONS = '/usr/lib/postgresql';

/**
 * Finds a program of PostgreSQL that can deal with this server, of its version or a newer one, among those of that name.
 * @throws {Fault} `NO_POSTGRES_TOOL`, which names the versions that were found instead
 */
export async function findTool(
  name: 'pg_dump' | 'pg_restore',
  serverVersion: number,
  programs: readonly string[] = programsNamed(name),
): Promise<string> {
  // The program in the PATH is usually one of the installed ones.
  const found = new Set<string>();
  for (const program of programs) {
    const said = await run(program, ['--version']).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    const version = Number(/\(PostgreSQL\) (\d+)/.exec(said ?? '')?.[1]);
    if (version >= serverVersion) return program;
    if (said) found.add(said);
  }
  throw new Fault(
    'NO_POSTGRES_TOOL',
    `The server is PostgreSQL ${serverVersion}, and its ${name} is not here${found.size ? ` (only ${[...found].join(', ')})` : ''}. ` +
      `Install postgresql-client-${serverVersion}, or put ${name} into the PATH.`,
  );
}

/** The one in the PATH, and those of Debian's packages. */
const programsNamed = (name: string): string[] => [
  name,
  ...installed().map((version) => join(VERSIONS, version, 'bin', name)),
];

const installed = (): string[] => {
  try {
    return readdirSync(VERSIONS);
  } catch {
    return [];
  }
};

/** The server's major version: 18. */
export async function serverVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  );
  return rows[0]!.version;
}

/**
 * Runs a program on a database. The password does not show in the list of processes. @throws {Fault}
 * `POSTGRES_TOOL_FAILED` with its output
 */
export async function runTool(program: string, url: string, args: readonly string[]): Promise<void> {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = '';
  try {
    const env = { ...process.env, PGPASSWORD: password, PGOPTIONS: '-c transaction_timeout=0 -c statement_timeout=0' };
    await run(program, ['--no-password', '--dbname', address.href, ...args], { env, maxBuffer: 1e7 });
  } catch (cause) {
    const said = ((cause as { stderr?: string }).stderr || (cause as Error).message).trim();
    throw new Fault('POSTGRES_TOOL_FAILED', said, { cause });
  }
}
