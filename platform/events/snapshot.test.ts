import { expect, test } from '@jest/globals';
import { isSeenBy } from './snapshot.ts';

test.each([
  ['9', true, 'is older than every transaction that was running'],
  ['10', false, 'was running'],
  ['11', true, 'was committed beside those that were running'],
  ['13', false, 'was running'],
  ['14', false, 'had not begun'],
  ['99999999999', false, 'had not begun'],
])('transaction %s is seen: %s, since it %s', (xid, isSeen) => {
  expect(isSeenBy('10:14:10,13', xid)).toBe(isSeen);
});

test('a snapshot without running transactions sees all that had begun', () => {
  expect([isSeenBy('14:14:', '13'), isSeenBy('14:14:', '14')]).toEqual([true, false]);
});
