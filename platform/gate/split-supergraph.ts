/**
 * @apollo/gateway refuses a supergraph that links `@authenticated`, `@requiresScopes` or `@policy`: their purpose is
 * SECURITY, and it does not implement them; the gate does. So the decisions are read into a table, and the gateway
 * executes the supergraph without them. It fails closed: a directive that cannot be read is an error.
 */
import {
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  Kind,
  parse,
  print,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import type { Decision, DecisionTable } from './decision.ts';
import { isGuarded } from './decision.ts';
import { type DecisionDirective, type LinkedFeatures, linkedFeatures } from './linked-features.ts';
import { readSameForAll } from './same-for-all.ts';

/** A supergraph in two halves. */
export interface SplitSupergraph {
  /** The supergraph without SECURITY links, for the gateway to execute. */
  execution: DocumentNode;
  /** The same as text. */
  executionSdl: string;
  /** The decisions by coordinate. */
  decisions: DecisionTable;
  /** Coordinates of types and fields that read the same for all callers who may read them. */
  sameForAll: ReadonlySet<string>;
}

/**
 * Takes the decisions out of a composed supergraph.
 * @throws Error if an authorisation directive is renamed, linked or used in a way that cannot be read, or if a security
 *   specification is linked and no decision found
 */
export function splitSupergraph(supergraphSdl: string): SplitSupergraph {
  const document = parse(supergraphSdl, { noLocation: true });
  const features = linkedFeatures(document);
  const decisions = readDecisions(document, features.directives);
  const guarded = [...decisions.values()].filter(isGuarded).length;
  if (features.securityLinks.size > 0 && guarded === 0) {
    throw new Error(
      'The supergraph links a security specification, but no decision was found in it: refusing to start.',
    );
  }
  const execution = withoutSecurity(document, features);
  return {
    execution,
    executionSdl: print(execution),
    decisions,
    sameForAll: readSameForAll(document, features.sameForAll),
  };
}

/**
 * The decisions of a document.
 * @param names local names of the authorisation directives
 * @throws Error if one is in a place that is not understood, or contradicts another
 */
export function readDecisions(document: DocumentNode, names: ReadonlyMap<string, DecisionDirective>): DecisionTable {
  const table = new Map<string, Decision>();
  let found = 0;
  const collect = (coordinate: string, directives: readonly ConstDirectiveNode[] = [], isInterface = false): void => {
    for (const node of directives) {
      const directive = names.get(node.name.value);
      if (!directive) continue;
      found++;
      // Written by composition alone, which copies the demands of all implementers onto their interface. The gate
      // checks the implementers that an operation selects, and not all of them.
      if (isInterface && directive !== 'public') continue;
      table.set(coordinate, { ...table.get(coordinate), ...decisionOf(directive, node, coordinate) });
    }
  };
  for (const node of document.definitions) {
    if (!('name' in node) || !node.name || !('directives' in node)) continue;
    const isInterface = node.kind === Kind.INTERFACE_TYPE_DEFINITION;
    collect(node.name.value, node.directives as readonly ConstDirectiveNode[], isInterface);
    if (!('fields' in node)) continue;
    for (const field of node.fields ?? []) {
      collect(`${node.name.value}.${field.name.value}`, field.directives, isInterface);
    }
  }
  const used = countUses(document, names);
  if (used !== found) {
    throw new Error(`${used - found} uses of permission directives stand where they are not understood.`);
  }
  for (const [coordinate, decision] of table) {
    if (decision.public && isGuarded(decision)) {
      throw new Error(`${coordinate} is declared @public and guarded at once, perhaps by different subgraphs.`);
    }
  }
  return table;
}

function decisionOf(directive: DecisionDirective, node: DirectiveNode, coordinate: string): Decision {
  if (directive === 'public') return { public: true };
  if (directive === 'authenticated') return { authenticated: true };
  const value = node.arguments?.[0] && valueFromASTUntyped(node.arguments[0].value);
  const isGroups = Array.isArray(value) && value.length > 0 && value.every(isGroup);
  if (!isGroups) throw new Error(`@${node.name.value} of ${coordinate} does not list what it requires.`);
  return directive === 'requiresScopes' ? { scopes: value } : { policies: value };
}

const isGroup = (group: unknown): boolean =>
  Array.isArray(group) && group.length > 0 && group.every((item) => typeof item === 'string' && item !== '');

function countUses(document: DocumentNode, names: ReadonlyMap<string, DecisionDirective>): number {
  let uses = 0;
  visit(document, {
    Directive(node) {
      if (names.has(node.name.value)) uses++;
    },
  });
  return uses;
}

function withoutSecurity(document: DocumentNode, features: LinkedFeatures): DocumentNode {
  const isSecurity = (name: string): boolean => {
    const directive = features.directives.get(name);
    return directive !== undefined && directive !== 'public';
  };
  const belongs = (name: string): boolean =>
    features.securityElements.has(name) ||
    (name.includes('__') && features.securityNamespaces.has(name.slice(0, name.indexOf('__'))));
  return visit(document, {
    Directive: (node) => (isSecurity(node.name.value) || features.securityLinks.has(node) ? null : undefined),
    DirectiveDefinition: (node) => (isSecurity(node.name.value) ? null : undefined),
    ScalarTypeDefinition: (node) => (belongs(node.name.value) ? null : undefined),
  });
}
