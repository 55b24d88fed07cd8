/** The house keeps the rules of `design.md` §1. `rules.test.ts` shows that a breach of a rule is noticed. */
import { expect, test } from '@jest/globals';
import { circularFolders, librariesInBin, misplacedInGateway } from './folders.ts';
import { forbiddenImports, impureImports } from './imports.ts';
import { demoPastItsEntry, misshapenRooms } from './rooms.ts';
import { readSource } from './source.ts';
import { longFiles, registryAddresses, untoldExports, worldlyRooms } from './style.ts';

const house = readSource(`${import.meta.dirname}/../..`);

test('no file imports a part of the house that it may not know', () => {
  expect(forbiddenImports(house)).toEqual([]);
});

test.each(['platform', 'gateway', 'db'] as const)('the folders of %s/ form no circle', (part) => {
  expect(circularFolders(house, part)).toEqual([]);
});

test('bin/ holds ways to start, and no library', () => {
  expect(librariesInBin(house)).toEqual([]);
});

test('the gateway is a folder a stage', () => {
  expect(misplacedInGateway(house)).toEqual([]);
});

test('the rules of a room are pure', () => {
  expect(impureImports(house)).toEqual([]);
});

test('rooms are alike', () => {
  expect(misshapenRooms(house)).toEqual([]);
});

test('the demo data of a room is reached by its entry alone', () => {
  expect(demoPastItsEntry(house)).toEqual([]);
});

test('rooms take time, chance and configuration from their ground', () => {
  expect(worldlyRooms(house)).toEqual([]);
});

test('files are short', () => {
  expect(longFiles(house)).toEqual([]);
});

test('every export of the platform, of db/ and of the gateway is explained', () => {
  expect(untoldExports(house)).toEqual([]);
});

test("no registry's address is written in the house", () => {
  expect(registryAddresses(house)).toEqual([]);
});
