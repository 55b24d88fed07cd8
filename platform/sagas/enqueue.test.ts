import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { partsOf, sagaId, subSagaId } from './enqueue.ts';

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
