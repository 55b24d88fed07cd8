import { expect, test } from '@jest/globals';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import { startGateway } from './gateway.testing.ts';

test('a drain finishes requests under way, refuses new ones clearly, and ends every connection', async () => {
  const entered = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const it = await startGateway({
    async authenticate() {
      entered.resolve();
      await go.promise;
      return { actor: ANONYMOUS };
    },
  });
  try {
    const underWay = it.post('{ order(id: "o1") { id } }');
    await entered.promise;
    it.gateway.refuse();

    const refused = await it.post('mutation { place(name: "never") { id } }');
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('connection')).toBe('close');
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
    expect((await fetch(new URL('/health', it.url))).status).toBe(200);

    go.resolve();
    const finished = await underWay;
    expect(await finished.json()).toEqual({ data: { order: { id: 'o1' } } });
    expect(finished.headers.get('connection')).toBe('close');
    expect(it.world.calls).toEqual(['order']);
  } finally {
    await it.gateway.close();
  }
});
