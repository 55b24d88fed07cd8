/** How long a gateway's cache lets a secret of a rotated key be good. Identity is one that tells what the test says. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { newApiKey } from '../../platform/identity/api-key.ts';
import { ApiKeys } from './api-keys.ts';

beforeEach(() => void jest.useFakeTimers({ now: new Date('2026-06-01T12:00:00Z') }));
afterEach(() => void jest.useRealTimers());

const KEY = newApiKey();
const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

/** A gateway's look-up over an identity that answers with `told.answer`, or is away. */
function openKeys(expiresAt: string) {
  const told = {
    answer: { id: 'apikey_1', userId: 'user_1', scopes: ['order:read'], merchantId: null, expiresAt } as any,
  };
  const execute = jest.fn(async () => ({ data: { apiKeyIdentity: told.answer } }));
  return { keys: new ApiKeys({ identity: { execute }, seconds: 900 }), told, execute };
}

/** Lets time pass for a stream, which asks whether its key has changed as it goes. */
async function pass(seconds: number, hasChanged: () => boolean): Promise<boolean> {
  await jest.advanceTimersByTimeAsync(seconds * 1000);
  hasChanged();
  await jest.advanceTimersByTimeAsync(0);
  return hasChanged();
}

test('a secret is refused from its end on, also while the answer about it is cached', async () => {
  const { keys, execute } = openKeys(at(3));
  expect(await keys.identify(KEY)).toMatchObject({ actor: { id: 'user_1', apiKeyId: 'apikey_1' } });
  await jest.advanceTimersByTimeAsync(2999);
  expect(await keys.identify(KEY)).toBeDefined();
  await jest.advanceTimersByTimeAsync(1);
  expect(await keys.identify(KEY)).toBeUndefined();
  expect(execute).toHaveBeenCalledTimes(1);
});

test('a secret that is ended early is refused once the cached answer is five seconds old', async () => {
  const { keys, told } = openKeys(at(3600));
  await keys.identify(KEY);
  told.answer = null;
  await jest.advanceTimersByTimeAsync(4999);
  expect(await keys.identify(KEY)).toBeDefined();
  await jest.advanceTimersByTimeAsync(1);
  expect(await keys.identify(KEY)).toBeUndefined();
});

test('a socket stays open when its key is rotated, and is closed when the overlap is over', async () => {
  const { keys, told } = openKeys(at(86_400));
  const { hasChanged } = (await keys.identify(KEY))!;
  told.answer = { ...told.answer, expiresAt: at(60) };
  expect(await pass(6, hasChanged)).toBe(false);
  expect(await pass(53, hasChanged)).toBe(false);
  expect(await pass(1, hasChanged)).toBe(true);
});

test('a socket is closed when its secret is ended early, or its key has other rights', async () => {
  for (const change of [() => null, (answer: any) => ({ ...answer, scopes: [] })]) {
    const { keys, told } = openKeys(at(3600));
    const { hasChanged } = (await keys.identify(KEY))!;
    told.answer = change(told.answer);
    expect(hasChanged()).toBe(false);
    expect(await pass(6, hasChanged)).toBe(true);
  }
});

test('while identity is away a socket stays open, but not beyond the end of its secret', async () => {
  const { keys, execute } = openKeys(at(60));
  const { hasChanged } = (await keys.identify(KEY))!;
  execute.mockRejectedValue(new Error('away'));
  expect(await pass(59, hasChanged)).toBe(false);
  expect(await pass(1, hasChanged)).toBe(true);
});
