/** The cost of watching: one look for all watchers, and none without watchers. */
import { expect, test } from '@jest/globals';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { silentLogger } from '../../../platform/log.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import type { SagaRow } from '../saga-rows.ts';
import { sagaWatch } from './watch.ts';

/** Sagas without a database, with a record of the looks at them. */
function scene() {
  const looks: (readonly string[])[] = [];
  const status = { now: 'PENDING', isAway: false };
  const saga = (id: string): SagaRow => ({
    id,
    name: 'placeOrder',
    engineStatus: status.now,
    createdAt: 1n,
    updatedAt: 2n,
    parentId: null,
    isWaiting: false,
  });
  const queries = {
    sagasByIds: async (ids: readonly string[]) => {
      looks.push(ids);
      if (status.isAway) throw new Error('the database is away');
      return ids.map(saga);
    },
    stepsOf: async () => [],
  } as unknown as OrchestrationQueries;
  const load = { saga: () => ({ load: async (id: string) => saga(id) }) } as unknown as OrchestrationLoaders;
  const watch = sagaWatch({ queries, load, log: silentLogger });
  return { looks, status, watch: (sagaId: string) => watch({ sagaId }, {} as RequestContext) };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const types = async (events: AsyncIterable<{ sagaUpdated: { type: string } }>) => {
  const heard: string[] = [];
  for await (const { sagaUpdated } of events) heard.push(sagaUpdated.type);
  return heard;
};

test('many watchers cost one look at a time, which reads each saga once', async () => {
  const { looks, status, watch } = scene();
  const all = ['a', 'b', 'a', 'b', 'a'].map((id) => types(watch(id)));
  await pause(600);
  status.now = 'SUCCESS';
  for (const heard of await Promise.all(all)) expect(heard).toEqual(['STARTED', 'ENDED']);
  expect(looks.length).toBeLessThanOrEqual(5);
  for (const ids of looks) expect([...ids].sort()).toEqual(['a', 'b']);
});

test('without watchers there are no looks', async () => {
  const { looks, watch } = scene();
  const events = watch('a');
  await events.next();
  const waiting = events.next();
  await events.return(undefined);
  await pause(300);
  const before = looks.length;
  await pause(600);
  expect(looks.length).toBe(before);
  void waiting;
});

test('a watcher waits for a lost database', async () => {
  const { status, watch, looks } = scene();
  status.isAway = true;
  const heard = types(watch('a'));
  await pause(600);
  expect(looks.length).toBeGreaterThan(1);
  Object.assign(status, { isAway: false, now: 'SUCCESS' });
  expect(await heard).toEqual(['STARTED', 'ENDED']);
});
