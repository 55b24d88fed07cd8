/** Names that the generator of rooms refuses before it writes anything. */
import { expect, test } from '@jest/globals';
import { loadRooms } from '../../tools/codegen/rooms.ts';
import { checkFree } from '../../tools/new-agent/check-free.ts';
import { wordsFor } from '../../tools/new-agent/words.ts';

test.each([
  'actor',
  'archive',
  'clock',
  'connection',
  'context',
  'id',
  'payload',
  'promise',
  'resolvers',
  'version',
  'work',
])('%s is refused: it is called so in the code of every new room', (name) => {
  expect(() => wordsFor(name, 'marketing')).toThrow('choose another name, or another --title');
});

test('a name whose payload another room has is refused', () => {
  expect(() => checkFree(wordsFor('auth', 'marketing'), loadRooms())).toThrow('identity has `type AuthPayload`');
  expect(() => checkFree(wordsFor('stampcard', 'marketing', 'Stamp Card'), loadRooms())).not.toThrow();
});
