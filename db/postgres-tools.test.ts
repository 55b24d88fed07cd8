import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findTool } from './postgres-tools.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-tools-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that says that it is of this version. */
function program(name: string, version: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho 'pg_dump (PostgreSQL) ${version}'\n`);
  chmodSync(path, 0o755);
  return path;
}

test('of the programs that are there the first of the server’s version or a newer one is taken', async () => {
  const programs = [join(folder, 'missing'), program('old', '15.18'), program('same', '18.4'), program('new', '19.0')];
  expect(await findTool('pg_dump', 18, programs)).toBe(programs[2]);
});

test('a program that is missing is told with each version that is there once, and the remedy', async () => {
  const programs = [program('in-path', '15.18'), program('installed', '15.18'), program('older', '14.2')];
  await expect(findTool('pg_dump', 18, programs)).rejects.toMatchObject({
    code: 'NO_POSTGRES_TOOL',
    message:
      'The server is PostgreSQL 18, and its pg_dump is not here (only pg_dump (PostgreSQL) 15.18, pg_dump (PostgreSQL) 14.2). ' +
      'Install postgresql-client-18, or put pg_dump into the PATH.',
  });
});
