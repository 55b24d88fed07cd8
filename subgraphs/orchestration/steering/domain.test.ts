import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../../../platform/errors.ts';
import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import type { SagaActionType } from '../entities.ts';
import { type Steered, stepsToSteer } from './domain.ts';

const step = (name: string) => ({ name, agent: 'a', does: name, run: async () => {} });
const definition = defineSaga({
  name: 'test',
  description: '.',
  steps: [
    step('first'),
    { name: 'both', branches: [step('left'), step('right')] },
    { ...step('pivot'), pivot: true },
    step('after'),
  ],
  whenRefused: step('apologise'),
});
const ACTIONS: SagaActionType[] = ['RETRY', 'SKIP', 'COMPENSATE'];
const failing = (...names: string[]): Steered => ({ engineStatus: 'PENDING', failing: names, decided: [] });

/** The steps that the action affects, or the codes of its refusal. */
const steered = (
  action: SagaActionType,
  saga: Steered,
  named?: string,
  of: typeof definition | undefined = definition,
) => {
  try {
    return stepsToSteer(action, saga, of, named);
  } catch (error) {
    return (error as Refusal).userErrors.map(({ code, path }) => `${code} at ${path?.join()}`);
  }
};
const REFUSED = ['INVALID_STATE at input,sagaId'];

test.each(ACTIONS)('%s affects the failing step, and every failing branch', (action) => {
  expect(steered(action, failing('first'))).toEqual(['first']);
  expect(steered(action, failing('left', 'right'))).toEqual(['left', 'right']);
});

test.each(ACTIONS)('%s is refused if no step fails, or the saga has ended', (action) => {
  expect(steered(action, failing())).toEqual(REFUSED);
  for (const engineStatus of ['SUCCESS', 'ERROR', 'CANCELLED'])
    expect(steered(action, { ...failing('first'), engineStatus })).toEqual(REFUSED);
});

test.each(ACTIONS)('%s is refused for a step that is to be skipped or undone already', (action) => {
  expect(steered(action, { ...failing('first'), decided: ['first'] })).toEqual(REFUSED);
  expect(steered(action, { ...failing('first'), decided: ['left'] })).toEqual(['first']);
});

test('a step to skip can be named, and must be failing', () => {
  expect(steered('SKIP', failing('left', 'right'), 'right')).toEqual(['right']);
  expect(steered('SKIP', failing('left'), 'right')).toEqual(['INVALID_STATE at input,step']);
});

describe('a saga can be compensated', () => {
  test('before its pivot only: a failing pivot may have taken effect', () => {
    for (const name of ['first', 'left', 'right']) expect(steered('COMPENSATE', failing(name))).toEqual([name]);
    for (const name of ['pivot', 'after']) expect(steered('COMPENSATE', failing(name))).toEqual(REFUSED);
  });

  test('once only: an undo and the last step can only be retried or skipped', () => {
    for (const name of ['undo first', 'apologise']) {
      expect(steered('COMPENSATE', failing(name))).toEqual(REFUSED);
      expect(steered('SKIP', failing(name), name)).toEqual([name]);
      expect(steered('RETRY', failing(name))).toEqual([name]);
    }
  });

  test('only if its definition is known and has an undo', () => {
    const { whenRefused: _, ...endless } = definition;
    expect(steered('COMPENSATE', failing('first'), undefined, endless)).toEqual(REFUSED);
    expect(() => stepsToSteer('COMPENSATE', failing('first'), undefined)).toThrow(Refusal);
    expect(stepsToSteer('RETRY', failing('first'), undefined)).toEqual(['first']);
  });
});
