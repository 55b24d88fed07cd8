import { describe, expect, test } from '@jest/globals';
import { apiSchemaOf, composeForTest, gateOf } from './compose.testing.ts';
import { decisionProblems } from './decisions.ts';
import { splitSupergraph } from './split-supergraph.ts';

const SDL = `
  type Query { a: A @public b: String @requiresScopes(scopes: [["x:y", "x:z"], ["q:w"]]) }
  type A @authenticated { id: ID! c: Int @policy(policies: [["p"]]) }
`;

describe('splitting a supergraph', () => {
  test('reads every decision and leaves none in the executable SDL', () => {
    const { decisions, executionSdl } = splitSupergraph(composeForTest(SDL));
    expect(Object.fromEntries(decisions)).toEqual({
      'Query.a': { public: true },
      'Query.b': { scopes: [['x:y', 'x:z'], ['q:w']] },
      A: { authenticated: true },
      'A.c': { policies: [['p']] },
    });
    expect(executionSdl).not.toMatch(/authenticated|requiresScopes|policy/);
  });

  test('merges the decisions of several subgraphs about one type', () => {
    const other = 'type Query { z: Int @public } type A @key(fields: "id") @authenticated { id: ID! }';
    const { decisions } = splitSupergraph(composeForTest(SDL.replace('type A ', 'type A @key(fields: "id") '), other));
    expect(decisions.get('A')).toEqual({ authenticated: true });
  });

  test('follows a directive that its subgraph imports under another name', () => {
    const sdl = `
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@authenticated", as: "@signedIn" },
          { name: "@requiresScopes", as: "@needs" }, "@composeDirective"])
        @link(url: "https://agora.dev/spec/v1.0", import: [{ name: "@public", as: "@open" }])
        @composeDirective(name: "@open")
      directive @open on OBJECT | FIELD_DEFINITION
      type Query { a: Int @signedIn b: Int @needs(scopes: [["x:y"]]) c: Int @open }
    `;
    const { decisions, executionSdl } = splitSupergraph(composeForTest(sdl));
    expect(Object.fromEntries(decisions)).toEqual({
      'Query.a': { authenticated: true },
      'Query.b': { scopes: [['x:y']] },
      'Query.c': { public: true },
    });
    expect(() => apiSchemaOf({ executionSdl })).not.toThrow();
  });

  test('follows a specification that the supergraph links under another name', () => {
    const renamed = composeForTest(SDL)
      .replace(
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "auth", for: SECURITY)',
      )
      .replaceAll('@authenticated', '@auth');
    expect(splitSupergraph(renamed).decisions.get('A')).toEqual({ authenticated: true });
  });

  test('refuses a directive that is linked under an undefined name', () => {
    const renamed = composeForTest(SDL).replaceAll('@authenticated', '@auth');
    expect(() => splitSupergraph(renamed)).toThrow(/links @authenticated, but defines no @authenticated/);
  });

  test('refuses a definition that looks like an authorisation directive and is not linked', () => {
    const unlinked = composeForTest(SDL).replace(
      '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)',
      '',
    );
    expect(() => splitSupergraph(unlinked)).toThrow(/@authenticated, which looks like a permission/);
  });

  test('refuses an unknown security specification', () => {
    const newer = composeForTest(SDL).replace('authenticated/v0.1', 'authenticated/v0.2');
    expect(() => splitSupergraph(newer)).toThrow(/not known here/);
  });

  test('refuses a supergraph that links a security specification and has no decision', () => {
    const sdl = composeForTest('type Query { a: Int @authenticated b: Int @public }');
    expect(() =>
      splitSupergraph(sdl.replace('@authenticated\n', '\n').replace(/a: Int @authenticated/, 'a: Int')),
    ).toThrow(/no decision was found/);
  });

  test('refuses a type that is public in one subgraph and guarded in another', () => {
    const one = 'type Query { a: A @public } type A @key(fields: "id") @public { id: ID! }';
    const two = 'type Query { b: Int @public } type A @key(fields: "id") @authenticated { id: ID! x: Int }';
    expect(() => splitSupergraph(composeForTest(one, two))).toThrow(/A is declared @public and guarded at once/);
  });

  test('refuses a schema that is no supergraph', () => {
    expect(() => splitSupergraph('type Query { a: Int }')).toThrow(/not a supergraph/);
  });
});

describe('the decisions of a schema', () => {
  const problemsOf = (sdl: string): string[] => {
    const split = splitSupergraph(composeForTest(sdl));
    return decisionProblems(apiSchemaOf(split), split.decisions);
  };

  test('are complete when every root field and every object type has one', () => {
    expect(problemsOf(SDL)).toEqual([]);
  });

  test('are missing by name', () => {
    const problems = problemsOf('type Query { a: A b: Int @authenticated } type A { id: ID } interface I { x: Int }');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('A, Query.a:');
    expect(() => gateOf('type Query { a: Int b: Int @authenticated }')).toThrow(/Query\.a/);
  });

  test('may not be on an interface', () => {
    const node = 'type Query { a: N @public } type A implements N @public { id: ID }';
    expect(problemsOf(`${node} interface N { id: ID @public }`)).toEqual([
      expect.stringContaining('N.id is of an interface'),
    ]);
    expect(() => composeForTest(`${node} interface N @authenticated { id: ID }`)).toThrow(/interface/i);
  });

  test('may not be widened by a field', () => {
    const problems = problemsOf('type Query { a: A @public } type A @authenticated { id: ID @public }');
    expect(problems).toEqual([expect.stringContaining('A.id is @public')]);
  });
});
