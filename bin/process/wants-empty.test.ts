import { expect, test } from '@jest/globals';
import { wantsEmpty } from './wants-empty.ts';

test('demo data is wanted unless `--empty` was given to us or, without `--`, to npm', () => {
  expect([wantsEmpty(undefined, undefined), wantsEmpty(undefined, ''), wantsEmpty(false, 'true')]).toEqual([
    false,
    false,
    false,
  ]);
  expect([wantsEmpty(true, undefined), wantsEmpty(undefined, 'true')]).toEqual([true, true]);
});
