/**
 * An agent that refers to another agent's entity gives only its id: whether the entity still exists, and whether the
 * caller may see it, only its owner knows. The planner asks the owner only for fields that only the owner has, so that
 * without more `variant { id }` would name an entity that `variant { name }` cannot find. So each such reference is
 * anchored: a field that its owner never leaves null is asked for beside the client's selection. An entity that the
 * owner does not know has none, and the anchor's null makes the reference null, whatever else is selected. Where the
 * owner is asked anyway, that is a field more and not a fetch. References in a mutation's payload itself are not
 * checked: the mutation has just made them, and its caller is told their ids, also a guest who cannot see them yet.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type ExecutionResult,
  type FieldDefinitionNode,
  type FieldNode,
  type GraphQLError,
  Kind,
  type ObjectTypeDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import type { NodeKind } from '../nodes/node-kinds.ts';

/** Alias of the anchor: where a client uses it, too, `reserved-keys.ts` keeps the two apart. */
export const REFERENCE = '__reference';

const ROOTS = {
  [OperationTypeNode.QUERY]: 'Query',
  [OperationTypeNode.MUTATION]: 'Mutation',
  [OperationTypeNode.SUBSCRIPTION]: 'Subscription',
};

/** A field of an object, as far as references are concerned. */
interface FieldType {
  /** The type that it returns, without lists. */
  type: string;
  /**
   * The field that anchors the reference, of which its owner is asked; undefined where the field is no reference to
   * another agent's entity.
   */
  anchor: string | undefined;
}

/** Places of anchors in an answer, by response keys. */
interface Anchors {
  isReference: boolean;
  below: Map<string, Anchors>;
}

/** The references between the agents of one supergraph. */
export class References {
  readonly #types: ReadonlyMap<string, ReadonlyMap<string, FieldType>>;
  readonly #anchors = new WeakMap<DocumentNode, Anchors>();

  /** @param supergraph as composed: https://specs.apollo.dev/join/v0.3/ */
  constructor(supergraph: DocumentNode, kinds: readonly NodeKind[]) {
    this.#types = typesIn(supergraph, kinds);
  }

  /** The document with an anchor in each reference; the same document if it has none. */
  anchored(document: DocumentNode): DocumentNode {
    let isChanged = false;
    const inSet = (set: SelectionSetNode, type: string): SelectionSetNode => ({
      ...set,
      selections: set.selections.map((node) => {
        if (node.kind === Kind.FRAGMENT_SPREAD) return node;
        if (node.kind === Kind.INLINE_FRAGMENT) {
          const on = node.typeCondition?.name.value ?? type;
          return { ...node, selectionSet: inSet(node.selectionSet, on) };
        }
        const field = this.#types.get(type)?.get(node.name.value);
        if (!node.selectionSet || !field) return node;
        const selectionSet = inSet(node.selectionSet, field.type);
        if (field.anchor === undefined) return { ...node, selectionSet };
        isChanged = true;
        const selections = [anchorNamed(field.anchor), ...selectionSet.selections];
        return { ...node, selectionSet: { ...selectionSet, selections } };
      }),
    });
    const definitions = document.definitions.map((node) => {
      if (node.kind === Kind.OPERATION_DEFINITION)
        return { ...node, selectionSet: inSet(node.selectionSet, ROOTS[node.operation]) };
      if (node.kind === Kind.FRAGMENT_DEFINITION)
        return { ...node, selectionSet: inSet(node.selectionSet, node.typeCondition.name.value) };
      return node;
    });
    if (!isChanged) return document;
    const changed = { ...document, definitions };
    this.#anchors.set(changed, anchorsIn(changed));
    return changed;
  }

  /** The answer to a document that was anchored, without the anchors. Changes its data in place. */
  answer(document: DocumentNode, result: ExecutionResult): ExecutionResult {
    const anchors = this.#anchors.get(document);
    if (!anchors) return result;
    const told = errorsOf(result);
    takeOut(result.data, anchors);
    return told;
  }
}

const anchorNamed = (value: string): FieldNode => ({
  kind: Kind.FIELD,
  alias: { kind: Kind.NAME, value: REFERENCE },
  name: { kind: Kind.NAME, value },
});

type Path = readonly (string | number)[];

/**
 * The errors of the answer: a reference that was nulled is none; an owner that could not be asked is one, of the
 * reference.
 */
function errorsOf(result: ExecutionResult): ExecutionResult {
  const { errors, extensions, ...rest } = result;
  const missing = (extensions?.valueCompletion ?? []) as { path?: Path }[];
  const left = missing
    .filter(({ path }) => !(isAnchor(path) && isNulled(result.data, path.slice(0, -1))))
    .map((one) => (isAnchor(one.path) ? { ...one, path: one.path.slice(0, -1) } : one));
  const toldOf = placesToldOf(errors);
  const said = errors?.filter(({ path }) => !(isAnchor(path) && toldOf.has(keyOf(path.slice(0, -1)))));
  for (const error of said ?? []) if (isAnchor(error.path)) Object.assign(error, { path: error.path.slice(0, -1) });
  const { valueCompletion: _, ...others } = extensions ?? {};
  const kept = left.length > 0 ? { ...others, valueCompletion: left } : others;
  return {
    ...rest,
    ...(said && said.length > 0 && { errors: said }),
    ...(Object.keys(kept).length > 0 && { extensions: kept }),
  };
}

const isAnchor = (path: Path | undefined): path is Path => path?.at(-1) === REFERENCE;

/** The places that errors other than an anchor's are about: each error's own path, and all its prefixes. */
function placesToldOf(errors: readonly GraphQLError[] = []): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { path } of errors)
    if (path?.at(-1) !== REFERENCE) path?.forEach((_, last) => void places.add(keyOf(path.slice(0, last + 1))));
  return places;
}

/** A path as the key of a set: keys of an answer are names and numbers, and have no dot in them. */
const keyOf = (path: Path): string => path.join('.');

/** Whether the value at the path is null, and its parent is not. */
function isNulled(data: unknown, path: Path): boolean {
  let value = data;
  for (const key of path) {
    if (value === null || value === undefined) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null;
}

function takeOut(value: unknown, anchors: Anchors): void {
  if (Array.isArray(value)) for (const one of value) takeOut(one, anchors);
  else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    if (anchors.isReference) delete object[REFERENCE];
    for (const [key, below] of anchors.below) if (Object.hasOwn(object, key)) takeOut(object[key], below);
  }
}

/** The anchors of a document, its fragments expanded: the gate has seen to it that they do not grow without bound. */
function anchorsIn(document: DocumentNode): Anchors {
  const fragments = new Map<string, SelectionSetNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node.selectionSet);
  const collect = ({ selections }: SelectionSetNode, into: Anchors): void => {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet, into);
      else if (node.kind === Kind.FRAGMENT_SPREAD) collect(fragments.get(node.name.value)!, into);
      else if (node.selectionSet) {
        const key = (node.alias ?? node.name).value;
        const below = into.below.get(key) ?? none();
        collect(node.selectionSet, below);
        if (below.isReference || below.below.size > 0) into.below.set(key, below);
      } else if (node.alias?.value === REFERENCE) into.isReference = true;
    }
  };
  const all = none();
  for (const node of document.definitions) if (node.kind === Kind.OPERATION_DEFINITION) collect(node.selectionSet, all);
  return all;
}

const none = (): Anchors => ({ isReference: false, below: new Map() });

function typesIn({ definitions }: DocumentNode, kinds: readonly NodeKind[]): Map<string, Map<string, FieldType>> {
  const graphs = new Map<string, string>();
  const objects = new Map<string, ObjectTypeDefinitionNode>();
  const leaves = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);
  for (const node of definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION) objects.set(node.name.value, node);
    if (node.kind === Kind.ENUM_TYPE_DEFINITION || node.kind === Kind.SCALAR_TYPE_DEFINITION)
      leaves.add(node.name.value);
    if (node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph')
      for (const { name, directives } of node.values ?? []) graphs.set(textIn(directives?.[0], 'name'), name.value);
  }
  const anchors = new Map<string, { owner: string; field: string }>();
  for (const [name, node] of objects) {
    const kind = kinds.find(({ type }) => type === name);
    const owner = kind ? graphs.get(kind.agent) : soleOwner(node);
    const field = owner && node.fields?.find((one) => isAnchorable(one, owner, leaves))?.name.value;
    if (field) anchors.set(name, { owner, field });
  }
  const payloads = new Set((objects.get(ROOTS.mutation)?.fields ?? []).map(({ type }) => namedIn(type)));
  const typeOf = (field: FieldDefinitionNode, parent: ObjectTypeDefinitionNode): FieldType => {
    const type = namedIn(field.type);
    const target = anchors.get(type);
    const isElsewhere =
      target && !payloads.has(parent.name.value) && graphsOf(field, parent).some((graph) => graph !== target.owner);
    return { type, anchor: isElsewhere ? target.field : undefined };
  };
  const named = [...objects].map(([name, node]) => {
    const fields = (node.fields ?? []).map((field) => [field.name.value, typeOf(field, node)] as const);
    return [name, new Map(fields)] as const;
  });
  return new Map(named);
}

/** The owner of a type without an id prefix: the one agent of several that can be asked for it by its key. */
function soleOwner({ directives = [] }: ObjectTypeDefinitionNode): string | undefined {
  const joined = directives.filter(({ name }) => name.value === 'join__type');
  const asked = joined.filter((one) => argumentOf(one, 'key') && !isFalse(one, 'resolvable'));
  return joined.length > 1 && asked.length === 1 ? textIn(asked[0], 'graph') : undefined;
}

/** Whether a field is its owner's alone, takes nothing, and is never null. */
function isAnchorable(field: FieldDefinitionNode, owner: string, leaves: ReadonlySet<string>): boolean {
  const { directives = [], type, arguments: taken = [] } = field;
  const [joined, ...more] = directives.filter(({ name }) => name.value === 'join__field');
  if (!joined || more.length > 0 || textIn(joined, 'graph') !== owner || joined.arguments!.length > 1) return false;
  if (directives.some(({ name }) => name.value === 'inaccessible') || taken.length > 0) return false;
  return type.kind === Kind.NON_NULL_TYPE && type.type.kind === Kind.NAMED_TYPE && leaves.has(type.type.name.value);
}

/** The agents that resolve a field. */
function graphsOf(field: FieldDefinitionNode, parent: ObjectTypeDefinitionNode): string[] {
  const graphsIn = (directives: readonly DirectiveNode[] = [], name: string): string[] =>
    directives.filter((one) => one.name.value === name).map((one) => textIn(one, 'graph'));
  const own = graphsIn(field.directives, 'join__field').filter(Boolean);
  return own.length > 0 ? own : graphsIn(parent.directives, 'join__type');
}

const namedIn = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedIn(type.type));

const argumentOf = (directive: DirectiveNode | undefined, name: string) =>
  directive?.arguments?.find((one) => one.name.value === name)?.value;

function textIn(directive: DirectiveNode | undefined, name: string): string {
  const value = argumentOf(directive, name);
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : '';
}

function isFalse(directive: DirectiveNode, name: string): boolean {
  const value = argumentOf(directive, name);
  return value?.kind === Kind.BOOLEAN && !value.value;
}
