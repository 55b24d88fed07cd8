import { describe, expect, jest, test } from '@jest/globals';
import { FixedClock } from '../clock.ts';
import { Refusal, Unavailable, refuse } from '../errors.ts';
import { Breakers } from './breakers.ts';
import { POLICIES, type Policy } from './policies.ts';

const clock = new FixedClock('2026-06-01T12:00:00Z');
const POLICY: Policy = { breaker: { failures: 5, openMs: 60 }, bulkhead: { concurrent: 8, waiting: 8 } };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A dependency whose answers can be changed, behind a guard, with the changes of its circuit. */
function guarded(policy: Policy = POLICY, isIllness?: (error: unknown) => boolean) {
  const breakers = new Breakers(clock);
  const changes: string[] = [];
  breakers.onChange(({ agent, name, state }) => changes.push(`${agent} ${name} ${state}`));
  const guard = breakers.guard('order', 'carrier', { policy, isIllness });
  const world = { calls: 0, answer: (): Promise<string> => Promise.resolve('ok') };
  const call = () =>
    guard.execute(() => {
      world.calls++;
      return world.answer();
    });
  const fail = async (times: number, error: Error = new Error('502')) => {
    world.answer = () => Promise.reject(error);
    for (let n = 0; n < times; n++) await call().catch(() => {});
  };
  return { breakers, guard, changes, world, call, fail };
}

describe('a circuit', () => {
  test('opens after five failures in a row, and then refuses at once without asking', async () => {
    const { fail, call, world, guard, changes } = guarded();
    await fail(5);
    world.answer = () => Promise.resolve('ok');
    await expect(call()).rejects.toBeInstanceOf(Unavailable);
    expect(world.calls).toBe(5);
    expect(changes).toEqual(['order carrier OPEN']);
    expect(guard.state).toMatchObject({ state: 'OPEN', failures: 5, lastError: '502', openedAt: clock.now() });
  });

  test('stays closed when an answer comes between the failures', async () => {
    const { fail, call, world, guard } = guarded();
    for (let round = 0; round < 3; round++) {
      await fail(4);
      world.answer = () => Promise.resolve('ok');
      await call();
    }
    expect(guard.state).toMatchObject({ state: 'CLOSED', failures: 0, openedAt: null });
  });

  test('lets one call through as a probe after its time: the others wait for its outcome', async () => {
    const { fail, call, world, guard, changes } = guarded();
    await fail(5);
    await pause(70);
    expect(guard.state.state).toBe('HALF_OPEN');
    const probe = Promise.withResolvers<string>();
    world.answer = () => probe.promise;
    const calls = [call(), call(), call()];
    await pause(5);
    expect(world.calls).toBe(6);
    world.answer = () => Promise.resolve('ok');
    probe.resolve('ok');
    expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'ok']);
    expect(changes).toEqual(['order carrier OPEN', 'order carrier HALF_OPEN', 'order carrier CLOSED']);
  });

  test('opens again when the probe fails', async () => {
    const { fail, world, guard } = guarded();
    await fail(5);
    await pause(70);
    await fail(2);
    expect(world.calls).toBe(6);
    expect(guard.state.state).toBe('OPEN');
  });

  test('does not count errors that `isIllness` excludes', async () => {
    const { fail, world, guard } = guarded(POLICY, (error) => !(error instanceof Refusal));
    await fail(9, refuse('NOT_FOUND', 'no'));
    expect(world.calls).toBe(9);
    expect(guard.state).toMatchObject({ state: 'CLOSED', failures: 0, lastError: null });
  });

  test('is closed by an operator, and counts from zero again', async () => {
    const { fail, call, world, breakers, guard } = guarded();
    await fail(5);
    expect(breakers.reset('order', 'carrier')).toBe(true);
    expect(guard.state).toMatchObject({ state: 'CLOSED', failures: 0, openedAt: null });
    await fail(4);
    world.answer = () => Promise.resolve('ok');
    expect(await call()).toBe('ok');
    expect(breakers.reset('order', 'nobody')).toBe(false);
  });

  test('marks its dependency as cut off while it is open, but not for ever without calls', async () => {
    const { fail, breakers } = guarded();
    expect(breakers.isMissingSomething('order')).toBe(false);
    await fail(5);
    expect(breakers.isMissingSomething('order')).toBe(true);
    expect(breakers.isMissingSomething('payment')).toBe(false);
    await pause(125);
    expect(breakers.isMissingSomething('order')).toBe(false);
  });
});

test('a call that times out counts as a failure, and its signal aborts', async () => {
  const { guard } = guarded({ ...POLICY, timeoutMs: 20 });
  let aborted = false;
  const silent = (signal: AbortSignal) =>
    new Promise(() => signal.addEventListener('abort', () => (aborted = true), { once: true }));
  await expect(guard.execute(silent)).rejects.toThrow('did not answer in 20 ms');
  expect(aborted).toBe(true);
  expect(guard.state.failures).toBe(1);
});

test('a caller’s abort aborts the call', async () => {
  const { guard } = guarded({ ...POLICY, timeoutMs: 5000 });
  const leaving = new AbortController();
  const call = guard.execute(
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      ),
    leaving.signal,
  );
  leaving.abort(new Error('gone'));
  await expect(call).rejects.toThrow('gone');
});

test('calls beyond the bulkhead’s limits are refused without counting against the dependency', async () => {
  const { call, world, guard } = guarded({ ...POLICY, bulkhead: { concurrent: 2, waiting: 1 } });
  const release = Promise.withResolvers<string>();
  world.answer = () => release.promise;
  const [first, second, third] = [call(), call(), call()];
  await expect(call()).rejects.toThrow('too many calls waiting');
  expect(world.calls).toBe(2);
  release.resolve('ok');
  expect(await Promise.all([first, second, third])).toEqual(['ok', 'ok', 'ok']);
  expect(guard.state.failures).toBe(0);
});

test('a failed call is retried with jitter if the policy says so, and else not', async () => {
  const random = jest.spyOn(Math, 'random');
  const retry = { attempts: 3, initialMs: 1, maxMs: 2 };
  const again = guarded({ ...POLICY, retry });
  await again.fail(1);
  expect(again.world.calls).toBe(4);
  expect(random).toHaveBeenCalled();
  random.mockRestore();
  const once = guarded();
  await once.fail(1);
  expect(once.world.calls).toBe(1);
});

test('the policies open after five failures, for a minute, and for a second for the database', () => {
  for (const { breaker } of [POLICIES.command, POLICIES.provider])
    expect(breaker).toEqual({ failures: 5, openMs: 60_000, withinMs: 10_000 });
  expect(POLICIES.database.breaker.openMs).toBeLessThanOrEqual(1000);
  // A call with an unknown effect may not simply be retried.
  for (const policy of [POLICIES.command, POLICIES.provider, POLICIES.database] as Policy[])
    expect(policy.retry).toBeUndefined();
});
