import { expect, test } from '@jest/globals';
import { findTool } from './postgres-tools.ts';

test('a program that is missing for a server is told with each version that is there once, and the remedy', async () => {
  const fault = await findTool('pg_dump', 999).catch((error: Error & { code: string }) => error);
  expect(fault).toMatchObject({
    code: 'NO_POSTGRES_TOOL',
    message: expect.stringContaining('Install postgresql-client-999'),
  });
  const versions = /only (.*)\)\. Install/.exec((fault as Error).message)?.[1]?.split(', ') ?? [];
  expect(versions).toEqual([...new Set(versions)]);
});
