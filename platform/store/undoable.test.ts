import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { doOnce, undoOnce } from './undoable.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small.database.drop());

/** One piece of work and its undo, and what they did. */
function work(reference: string) {
  const happened: string[] = [];
  const undoable = { operation: 'paint', reference, locks: [reference], origin: {} };
  return {
    happened,
    do: () => doOnce(small.store, undoable, async () => void happened.push('done')),
    undo: () => undoOnce(small.store, undoable, async () => void happened.push('undone')),
    fail: () =>
      doOnce(small.store, undoable, async () => {
        throw new Error('no paint');
      }),
  };
}

test('what is done many times at once is done once, and undone once', async () => {
  const { happened, ...it } = work('a');
  await Promise.all([it.do(), it.do(), it.do()]);
  await Promise.all([it.undo(), it.undo(), it.undo()]);
  expect(happened).toEqual(['done', 'undone']);
});

test('what was undone before it was done is refused, and there was nothing to undo', async () => {
  const { happened, ...it } = work('b');
  await it.undo();
  await expect(it.do()).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await it.undo();
  expect(happened).toEqual([]);
});

test('what failed can be done, and what was done is not done again after its undo: it is as if it were', async () => {
  const { happened, ...it } = work('c');
  await expect(it.fail()).rejects.toThrow('no paint');
  await it.do();
  await it.undo();
  await it.do();
  expect(happened).toEqual(['done', 'undone']);
});

test('whichever comes first of both at once, nothing is left', async () => {
  for (let n = 0; n < 10; n++) {
    const { happened, ...it } = work(`race ${n}`);
    await Promise.allSettled([it.do(), it.undo()]);
    expect([[], ['done', 'undone']]).toContainEqual(happened);
  }
});
