import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { kindOf, partsOf, sagaId, subSagaId } from './enqueue.ts';

test('the parts of an id are its name, up to the first colon, and its subject', () => {
  const name = fc.string().filter((text) => !text.includes(':'));
  const subject = fc.string().filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(name, subject, fc.string(), (name, subjectId, within) => {
      expect(partsOf(`${name}:${subjectId}`)).toEqual({ name, subjectId });
      expect(partsOf(`${name}:${subjectId}/${within}`)).toEqual({ name, subjectId });
    }),
  );
});

test('an id without a colon has no subject', () => {
  expect(partsOf('nothing')).toEqual({ name: 'nothing', subjectId: '' });
});

test('a sub-saga shares the subject of its parent', () => {
  const id = subSagaId(sagaId('importProducts', 'import_1'), 'stock', 'stock');
  expect(partsOf(id)).toEqual({ name: 'stock', subjectId: 'import_1' });
});

test('versions of a saga are of one kind, and an aggregate has one id for them', () => {
  expect(['placeOrder', 'placeOrder.v2', 'placeOrder.v12', 'v2', 'place.v2.now'].map(kindOf)).toEqual([
    'placeOrder',
    'placeOrder',
    'placeOrder',
    'v2',
    'place.v2.now',
  ]);
  expect(sagaId('placeOrder.v2', 'order_1')).toBe(sagaId('placeOrder', 'order_1'));
});
