import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { composeSupergraph } from './compose.ts';

const subgraph = (name: string, sdl: string) => ({ name, typeDefs: parse(LINKS + sdl) });

describe('composing', () => {
  test('gives one supergraph with every subgraph and every decision', () => {
    const { supergraphSdl } = composeSupergraph([
      subgraph('a', 'type Query { a: Int @public }'),
      subgraph('b', 'type Query { b: Int @authenticated }'),
    ]);
    expect(supergraphSdl).toMatch(/a: Int.*@public/);
    expect(supergraphSdl).toMatch(/b: Int.*@authenticated/);
  });

  test('says every reason why subgraphs do not fit, with its code', () => {
    const clashing = [
      subgraph('a', 'type Query { a: Int @public x: T @public } type T @public { id: ID }'),
      subgraph('b', 'type Query { a: Int @public } type T @public { id: ID }'),
    ];
    expect(() => composeSupergraph(clashing)).toThrow(
      /do not compose:\n- INVALID_FIELD_SHARING: .*\n- INVALID_FIELD_SHARING:/s,
    );
  });
});
