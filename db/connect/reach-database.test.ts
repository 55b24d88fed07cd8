import { expect, test } from '@jest/globals';
import { reachDatabase } from './reach-database.ts';

const url = process.env.AGORA_TEST_URL!;

test('a server of a supported version is reached', async () => {
  expect(await reachDatabase(url)).toBe(url);
});

test('a server that is too old is refused with its version and the required one, without the password', async () => {
  const tooOld = reachDatabase(url, 1000);
  await expect(tooOld).rejects.toMatchObject({ code: 'DATABASE_TOO_OLD' });
  const { message } = (await tooOld.catch((error: unknown) => error)) as Error;
  expect(message).toMatch(/^DATABASE_URL \(127\.0\.0\.1:\d+\/\w+\) is PostgreSQL \d+: Agora needs 1000 or later\.$/);
  expect(message).not.toContain(new URL(url).password);
});
