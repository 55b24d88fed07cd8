import { expect, test } from '@jest/globals';
import { reachDatabase } from './reach-database.ts';

const url = process.env.AGORA_TEST_URL!;

test('a server of a version that serves is reached', async () => {
  expect(await reachDatabase(url)).toBe(url);
});

test('one that is too old is told by its version, and by the one that is needed, without the password', async () => {
  const tooOld = reachDatabase(url, 1000);
  await expect(tooOld).rejects.toMatchObject({ code: 'DATABASE_TOO_OLD' });
  const { message } = (await tooOld.catch((error: unknown) => error)) as Error;
  expect(message).toMatch(/^DATABASE_URL \(127\.0\.0\.1:\d+\/\w+\) is PostgreSQL \d+: Agora needs 1000 or later\.$/);
  expect(message).not.toContain(new URL(url).password);
});
