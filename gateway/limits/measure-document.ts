/**
 * Measures a document with its fragments expanded, without expanding them: each is measured once, so that a document
 * whose fragments double one another twenty times costs no more to refuse than to read.
 */
import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { refused } from './refused.ts';
import { limitError } from './limit-error.ts';
import type { DocumentLimits } from './limits.ts';

/** Size of a selection set with its fragments expanded. */
interface Extent {
  /** Fields within fields. */
  depth: number;
  /** All fields. */
  fields: number;
  /** Fields that stand in it and not deeper. */
  own: number;
}

const NOTHING: Extent = { depth: 0, fields: 0, own: 0 };

/** Refuses a document before validation, some of whose rules take quadratic time. @throws GraphQLError */
export function measureDocument(document: DocumentNode, limits: DocumentLimits): void {
  countRepetitions(document, limits);
  const extentOf = measureFragments(document);
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) extentOf(node.selectionSet);
    if (node.kind === Kind.OPERATION_DEFINITION) refuseLarger(extentOf(node.selectionSet), limits);
  }
}

function refuseLarger({ depth, fields, own }: Extent, limits: DocumentLimits): void {
  if (depth > limits.depth) throw limitError('depth', limits.depth);
  if (own > limits.rootFields) throw limitError('rootFields', limits.rootFields);
  if (fields > limits.fields) throw limitError('fields', limits.fields);
}

function countRepetitions(document: DocumentNode, limits: DocumentLimits): void {
  let directives = 0;
  let aliases = 0;
  let fragments = 0;
  visit(document, {
    Directive() {
      if (++directives > limits.directives) throw limitError('directives', limits.directives);
    },
    FragmentDefinition() {
      if (++fragments > limits.fragments) throw limitError('fragments', limits.fragments);
    },
    SelectionSet(set, _key, parent) {
      // The content of an inline fragment is counted with its parent's.
      if ((parent as ASTNode | undefined)?.kind === Kind.INLINE_FRAGMENT) return;
      aliases += repetitionsIn(set);
      if (aliases > limits.aliases) throw limitError('aliases', limits.aliases);
    },
  });
}

function repetitionsIn(set: SelectionSetNode): number {
  const seen = new Set<string>();
  let count = 0;
  const look = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        look(selection.selectionSet);
        continue;
      }
      const { value } = selection.name;
      if ((selection.kind === Kind.FIELD && selection.alias) || seen.has(value)) count++;
      seen.add(value);
    }
  };
  look(set);
  return count;
}

function measureFragments(document: DocumentNode): (set: SelectionSetNode | undefined) => Extent {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, Extent | 'measuring'>();

  const ofFragment = (name: string): Extent => {
    const extent = known.get(name);
    if (extent === 'measuring') throw circular(name);
    if (extent) return extent;
    known.set(name, 'measuring');
    const measured = extentOf(fragments.get(name)?.selectionSet);
    known.set(name, measured);
    return measured;
  };

  const extentOf = (set: SelectionSetNode | undefined): Extent => {
    const total = { ...NOTHING };
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const { depth, fields } = extentOf(selection.selectionSet);
        addTo(total, { depth: depth + 1, fields: fields + 1, own: 1 });
      } else {
        const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
        addTo(total, isSpread ? ofFragment(selection.name.value) : extentOf(selection.selectionSet));
      }
    }
    return total;
  };
  return extentOf;
}

function addTo(total: Extent, { depth, fields, own }: Extent): void {
  total.depth = Math.max(total.depth, depth);
  total.fields += fields;
  total.own += own;
}

const circular = (name: string): GraphQLError =>
  new GraphQLError(`The fragment "${name}" spreads itself: it would never end.`, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: refused() },
  });
