import { type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';
import type { Decision, DecisionTable } from './decision.ts';
import type { DecisionDirective } from './linked-features.ts';
import { readDecisions } from './split-supergraph.ts';

/** Coordinates that federation adds to every subgraph. Access to entities is decided by their types. */
const OF_FEDERATION = ['Query._entities', 'Query._service', '_Service'];
const DIRECTIVES: readonly DecisionDirective[] = ['authenticated', 'requiresScopes', 'policy', 'public'];

/**
 * The decisions that one subgraph declares, as the gateway reads them from the supergraph.
 * @throws Error if an authorisation directive is imported under another name, or is in a place that is not understood
 */
export function subgraphDecisions(typeDefs: DocumentNode): DecisionTable {
  for (const name of importedElsewise(typeDefs))
    throw new Error(`The subgraph imports ${name} under another name, which its guard does not follow.`);
  const decisions = readDecisions(typeDefs, new Map(DIRECTIVES.map((directive) => [directive, directive])));
  const open: [string, Decision][] = OF_FEDERATION.map((coordinate) => [coordinate, { public: true }]);
  return new Map([...decisions, ...open]);
}

/** Authorisation directives imported under another name (`as`). */
function importedElsewise(typeDefs: DocumentNode): string[] {
  return typeDefs.definitions
    .flatMap((node) =>
      node.kind === Kind.SCHEMA_EXTENSION || node.kind === Kind.SCHEMA_DEFINITION ? (node.directives ?? []) : [],
    )
    .flatMap((link) => link.arguments?.filter(({ name }) => name.value === 'import') ?? [])
    .flatMap(({ value }) => valueFromASTUntyped(value) as (string | { name: string; as?: string })[])
    .flatMap((one) => (typeof one === 'object' && one.as && one.as !== one.name ? [one.name] : []))
    .filter((name) => DIRECTIVES.some((directive) => name === `@${directive}`));
}
