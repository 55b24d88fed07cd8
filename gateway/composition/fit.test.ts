import { describe, expect, test } from '@jest/globals';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { fit, type Parts } from './fit.ts';
import { fitInWorker } from './fit-in-worker.ts';

const part = (sdl: string): string => LINKS + sdl;
const served: Parts = {
  a: part('type Query { a: Int @public } type T @key(fields: "id") @public { id: ID! name: String }'),
  b: part('type Query { b: T @public } type T @key(fields: "id") @public { id: ID! size: Int }'),
};

describe('fitting the wanted parts', () => {
  test('takes all of them if they fit', () => {
    const wanted = { ...served, c: part('type Query { c: Int @public }') };
    const { supergraphSdl, parts, refused } = fit(served, wanted);
    expect(supergraphSdl).toContain('c: Int');
    expect([parts, refused]).toEqual([wanted, []]);
  });

  test('refuses the agent whose part does not fit, with the reason, and takes the others', () => {
    const wanted = {
      a: part(
        'type Query { a: Int @public more: Int @public }  type T @key(fields: "id") @public { id: ID! name: String }',
      ),
      b: part('type Query { b: T @public } type T @key(fields: "id") @public { id: ID! name: Int }'),
    };
    const { supergraphSdl, parts, refused } = fit(served, wanted);
    expect(supergraphSdl).toContain('more: Int');
    expect(parts).toEqual({ a: wanted.a, b: served.b });
    expect(refused).toEqual([{ agent: 'b', reason: expect.stringContaining('INVALID_FIELD_SHARING') }]);
  });

  test('refuses a field without a decision, and a text that is no SDL', () => {
    const wanted = { ...served, c: part('type Query { open: Int }'), d: 'type {' };
    const { supergraphSdl, refused } = fit(served, wanted);
    expect(supergraphSdl).toBeUndefined();
    expect(refused).toEqual([
      { agent: 'c', reason: expect.stringMatching(/No decision.*Query\.open/) },
      { agent: 'd', reason: expect.stringContaining('Syntax Error') },
    ]);
  });

  test('takes a change that fits only upon another, though a third is refused', () => {
    const wanted = {
      ...served,
      // A field of two agents, which both must share.
      a: part('type Query { a: Int @public } type T @key(fields: "id") @public { id: ID! name: String @shareable }'),
      b: part(
        'type Query { b: T @public } type T @key(fields: "id") @public { id: ID! size: Int name: String @shareable }',
      ),
      z: 'type {',
    };
    const { parts, refused } = fit(served, { z: wanted.z, b: wanted.b, a: wanted.a });
    expect(refused.map(({ agent }) => agent)).toEqual(['z']);
    expect(parts).toEqual({ a: wanted.a, b: wanted.b });
  });

  test('gives the same result in a worker thread, and leaves the event loop free', async () => {
    const wanted = { ...served, c: part('type Query { c: Int @public }') };
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const result = await fitInWorker(served, wanted);
    clearInterval(timer);
    expect(result).toEqual(fit(served, wanted));
    expect(turns).toBeGreaterThan(3);
  });
});
