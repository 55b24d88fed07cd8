import { expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import type { OwnTables } from '../data/own-rows.ts';
import { defineProjection } from '../projections/projection.ts';
import { defineAgent } from './define-agent.ts';

const List = defineEntity({
  name: 'List',
  tableName: 'list',
  properties: { id: p.text().primary(), customerId: p.text() },
});
const ListShare = defineEntity({
  name: 'ListShare',
  tableName: 'list_share',
  properties: { id: p.text().primary(), listId: p.text() },
});

const confining = (confined: OwnTables) =>
  defineAgent({
    name: 'wishes',
    area: 'system',
    title: 'Wishes',
    description: '',
    skills: [],
    at: import.meta.url,
    entities: [List, ListShare],
    confined,
    emits: [],
    build: () => ({ resolvers: {} }),
  });
const list = { customerId: 'customerId' } as const;

test('confined tables are those of the entities, by the names of the database', () => {
  expect(() => confining({ list, list_share: { through: 'list', by: 'listId' } })).not.toThrow();
  expect(() => confining({ list, listShare: { through: 'list', by: 'listId' } })).toThrow(
    'wishes confines "listShare", which is none of its tables: list, list_share.',
  );
  expect(() => confining({ list_share: { through: 'lists', by: 'listId' } })).toThrow('wishes confines "lists"');
});

test('confined tables name properties of their entities', () => {
  expect(() => confining({ list: { customer_id: 'customerId' } })).toThrow(
    'wishes confines list by "customer_id", which is none of its properties.',
  );
  expect(() => confining({ list, list_share: { through: 'list', by: 'list_id' } })).toThrow('by "list_id"');
});

test('projections have names of their own, a version, and tables of the room', () => {
  const projection = (more: object) =>
    defineProjection({
      name: 'lists',
      version: 1,
      entities: [List],
      handlers: [],
      backfill: () => async () => never(),
      ...more,
    });
  const never = (): never => {
    throw new Error('no page is read');
  };
  const having = (...projections: ReturnType<typeof projection>[]) =>
    defineAgent({ ...confining({}), handlers: undefined, entities: [List], projections });
  expect(() => having(projection({}))).not.toThrow();
  expect(() => having(projection({}), projection({}))).toThrow('wishes has two projections "lists"');
  expect(() => having(projection({ entities: [ListShare] }))).toThrow('has list_share, which is not in its entities');
  expect(() => projection({ name: 'my-lists' })).toThrow('one lower-case word');
  expect(() => projection({ version: 0 })).toThrow('a whole number from 1');
});
