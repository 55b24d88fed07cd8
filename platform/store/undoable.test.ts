import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { doOnce, undoOnce } from './undoable.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small.database.drop());

/** Work, its undo, and a record of their effects. */
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

test('concurrent calls do the work once, and undo it once', async () => {
  const { happened, ...it } = work('a');
  await Promise.all([it.do(), it.do(), it.do()]);
  await Promise.all([it.undo(), it.undo(), it.undo()]);
  expect(happened).toEqual(['done', 'undone']);
});

test('work that was undone beforehand is refused, and its undo has no effect', async () => {
  const { happened, ...it } = work('b');
  await it.undo();
  await expect(it.do()).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await it.undo();
  expect(happened).toEqual([]);
});

test('failed work can be retried, and work that was undone is not done again but answers as done', async () => {
  const { happened, ...it } = work('c');
  await expect(it.fail()).rejects.toThrow('no paint');
  await it.do();
  await it.undo();
  await it.do();
  expect(happened).toEqual(['done', 'undone']);
});

test('concurrent work and undo leave nothing, in either order', async () => {
  for (let n = 0; n < 10; n++) {
    const { happened, ...it } = work(`race ${n}`);
    await Promise.allSettled([it.do(), it.undo()]);
    expect([[], ['done', 'undone']]).toContainEqual(happened);
  }
});
