/** Which licences packages may have, and which packages may have another: docs/licences.md says what that means. */

/**
 * Licences, by their SPDX identifiers, that let anybody use, change and pass on a package, in products of any kind, as long
 * as its notice stays with it.
 */
export const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

/** A package with another licence. */
export interface Exception {
  licence: string;
  /** Why it is used all the same. */
  why: string;
}

const FEDERATION = 'it composes or executes the federated graph (docs/decisions/0009-apollo-gateway-with-a-memory.md)';

/** Packages with licences of other kinds, by name. */
export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  '@apollo/composition': { licence: 'Elastic-2.0', why: FEDERATION },
  '@apollo/federation-internals': { licence: 'Elastic-2.0', why: FEDERATION },
  '@apollo/gateway': { licence: 'Elastic-2.0', why: FEDERATION },
  '@apollo/query-graphs': { licence: 'Elastic-2.0', why: FEDERATION },
  '@apollo/query-planner': { licence: 'Elastic-2.0', why: FEDERATION },
  'caniuse-lite': { licence: 'CC-BY-4.0', why: 'tables of browsers, which Babel reads in tests; no part of Agora' },
};
