import { describe, expect, test } from '@jest/globals';
import { type Refusal, refuse } from '../errors.ts';
import { checkAll, checkVersion, onceMoreIfTaken, orTaken } from './refusals.ts';

test('the current version, or none, passes the optimistic lock', () => {
  for (const expected of [3, null, undefined]) expect(() => checkVersion(3, expected)).not.toThrow();
});

test('another version is a conflict that names the current one', () => {
  for (const expected of [2, 4, 0]) {
    expect(() => checkVersion(3, expected)).toThrow(
      expect.objectContaining({
        userErrors: [
          expect.objectContaining({
            code: 'VERSION_CONFLICT',
            __typename: 'VersionConflict',
            currentVersion: 3,
            path: ['input', 'expectedVersion'],
          }),
        ],
      }),
    );
  }
});

const taken = refuse('TAKEN', 'The name is taken.');
const violation = (constraint: string): Error => Object.assign(new Error('duplicate'), { code: '23505', constraint });
const fails = (error: Error) => orTaken(() => Promise.reject(error), { note_name_key: taken });

test('a violated unique index is refused as a taken name, also when an ORM wrapped the error', async () => {
  await expect(fails(violation('note_name_key'))).rejects.toBe(taken);
  await expect(fails(new Error('driver', { cause: violation('note_name_key') }))).rejects.toBe(taken);
});

test('any other error is rethrown unchanged', async () => {
  const others = [
    violation('note_pkey'),
    Object.assign(new Error('x'), { code: '23503', constraint: 'note_name_key' }),
    new Error('y'),
  ];
  for (const error of others) await expect(fails(error)).rejects.toBe(error);
  expect(await orTaken(async () => 5, {} as Record<string, Refusal>)).toBe(5);
});

test('a write that violated a unique index is retried once, any other is not', async () => {
  const triesOf = async (error: Error) => {
    let tries = 0;
    const write = () => Promise.reject(++tries === 1 ? error : taken);
    return [await onceMoreIfTaken(write).catch((last: Error) => last), tries];
  };
  expect(await triesOf(new Error('driver', { cause: violation('note_name_key') }))).toEqual([taken, 2]);
  const other = new Error('y');
  expect(await triesOf(other)).toEqual([other, 1]);
  const always = violation('note_name_key');
  await expect(onceMoreIfTaken(() => Promise.reject(always))).rejects.toBe(always);
});

describe('several checks', () => {
  const says = (code: string) => () => {
    throw refuse(code, code);
  };

  test('return the result of each', () => {
    expect(
      checkAll(
        () => 'name',
        () => 3,
      ),
    ).toEqual(['name', 3]);
  });

  test('refuse with the user errors of all of them', () => {
    const all = () => checkAll(says('A'), () => 1, says('B'));
    expect(all).toThrow(
      expect.objectContaining({
        code: 'A',
        userErrors: [
          { code: 'A', message: 'A' },
          { code: 'B', message: 'B' },
        ],
      }),
    );
  });

  test('throw the fault of one of them, not a refusal', () => {
    const fails = () => {
      throw new TypeError('ours');
    };
    expect(() => checkAll(says('A'), fails)).toThrow(TypeError);
  });
});
