/** Inputs that do not come as arguments: whatever JSON stands there is read, or told to be wrong. */
import { expect, test } from '@jest/globals';
import { inputReader } from './read-input.ts';

const read = inputReader(
  `type Query { "A thing." thing("An input." input: ThingInput): Int }
   "An input." input ThingInput { "A name." name: String! "A number." n: Int = 1 }`,
  'ThingInput',
);

test('an input is read with its defaults', () => {
  expect(read({ name: 'a' })).toEqual({ input: { name: 'a', n: 1 } });
});

test.each([null, undefined, 1, 'x', true, [], [{ name: 'a' }], {}, { name: null }, { name: 'a', other: 1 }])(
  '%j is refused',
  (value) => {
    expect(read(value)).toEqual({ errors: [expect.objectContaining({ code: 'INVALID_INPUT' })] });
  },
);
