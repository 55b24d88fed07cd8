/**
 * Compiles an operation once, into a tree of its selections with fragments inlined, and lists the checks that it needs.
 * Public selections, and those implied by a check further up, need none. It also lists the places where a nullable
 * variable stands for a non-null value.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { type DecisionTable, demandsOf } from './decision.ts';
import { nullableIn, type NullableUse, nullableVariables } from './nullable-uses.ts';

/** The alias under which the gate asks for the type of an object. Operations may not use it. */
export const TYPENAME_ALIAS = '__gate_typename';

/** One authorisation check: may this actor see this field of this type? */
export interface Check {
  /** Its number in {@link CompiledOperation.checks}. */
  index: number;
  /** The type that has the field; for a selection on an interface, one of the possible types. */
  type: GraphQLObjectType;
  node: FieldNode;
  /** Response keys, without the indexes of lists. */
  path: readonly string[];
  /** The `@skip` and `@include` on the way: a selection that they exclude is not checked. */
  conditions: readonly DirectiveNode[];
  /** Whether the operation names the type, itself or by a fragment. If not, only an object of it is denied. */
  isNamed: boolean;
}

/** A field of the operation. */
export interface SelectedField {
  kind: 'field';
  node: FieldNode;
  key: string;
  field: GraphQLField<unknown, unknown>;
  /** The types that the object it is selected on can have here. */
  types: readonly GraphQLObjectType[];
  /** Whether the object can have other types too, by the return type of the field above. */
  isTypeOpen: boolean;
  checks: readonly Check[];
  children: readonly Selected[] | undefined;
}

/** A fragment of the operation, spread or inline. */
export interface SelectedFragment {
  kind: 'fragment';
  type: GraphQLNamedType;
  directives: readonly DirectiveNode[];
  children: readonly Selected[];
}

/** An item of a selection set. */
export type Selected = SelectedField | SelectedFragment;

/** An operation as the gate sees it. */
export interface CompiledOperation {
  node: OperationDefinitionNode;
  selections: readonly Selected[];
  checks: readonly Check[];
  /** In the order of the operation: a selection under a condition comes after it. */
  nullableUses: readonly NullableUse[];
}

/** The position of the walk. */
interface Place {
  parent: GraphQLNamedType;
  types: readonly GraphQLObjectType[];
  isTypeOpen: boolean;
  path: readonly string[];
  conditions: readonly DirectiveNode[];
  /** Demands that were met on the way here. */
  met: ReadonlySet<string>;
}

/** Limit of selections with fragments inlined: fragments within fragments grow exponentially. */
const MAX_SELECTIONS = 10_000;

/**
 * Compiles one operation of a valid document.
 * @throws GraphQLError if there is no such operation, or if it is too large
 */
export function compileOperation(
  schema: GraphQLSchema,
  decisions: DecisionTable,
  document: DocumentNode,
  operationName: string | undefined,
): CompiledOperation {
  const node = getOperationAST(document, operationName);
  if (!node)
    throw badInput('The document holds no such operation: give `operationName` the name of one that it holds.');
  const root = schema.getRootType(node.operation);
  if (!root) throw badInput(`The schema has no ${node.operation} type.`);
  const walk = new Walk(schema, decisions, { document, node });
  const place: Place = { parent: root, types: [root], isTypeOpen: false, path: [], conditions: [], met: new Set() };
  const selections = walk.selections(node.selectionSet, place);
  return { node, selections, checks: walk.checks, nullableUses: walk.nullableUses };
}

class Walk {
  readonly checks: Check[] = [];
  readonly nullableUses: NullableUse[] = [];
  readonly #schema: GraphQLSchema;
  readonly #decisions: DecisionTable;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #nullable: ReadonlySet<string>;
  #size = 0;

  constructor(
    schema: GraphQLSchema,
    decisions: DecisionTable,
    { document, node }: { document: DocumentNode; node: OperationDefinitionNode },
  ) {
    this.#schema = schema;
    this.#decisions = decisions;
    this.#nullable = nullableVariables(node);
    this.#fragments = new Map(
      document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
    );
  }

  selections(set: SelectionSetNode, place: Place): Selected[] {
    return set.selections.map((node) => {
      if (++this.#size + this.checks.length > MAX_SELECTIONS) throw tooLarge();
      const here = { ...place, conditions: [...place.conditions, ...conditionsOf(node.directives)] };
      if (this.#nullable.size > 0) this.#noteNullable(node, { place, here });
      if (node.kind === Kind.FIELD) return this.#field(node, here);
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(node.name.value)! : node;
      const type = fragment.typeCondition ? this.#schema.getType(fragment.typeCondition.name.value)! : place.parent;
      const children = this.selections(fragment.selectionSet, this.#within(type, here));
      return { kind: 'fragment', type, directives: node.directives ?? [], children };
    });
  }

  /** Notes nullable uses. A condition is read if those around it hold; arguments beside it, if it holds too. */
  #noteNullable(node: SelectionNode, { place, here }: { place: Place; here: Place }): void {
    const path = node.kind === Kind.FIELD ? [...place.path, keyOf(node)] : place.path;
    const note = (uses: ReturnType<typeof nullableIn>, { conditions }: Place): void =>
      void this.nullableUses.push(...uses.map((use) => ({ ...use, path, conditions })));
    for (const directive of node.directives ?? [])
      note(nullableIn(directive.arguments, GraphQLIncludeDirective.args, this.#nullable), place);
    if (node.kind !== Kind.FIELD || !node.arguments?.length) return;
    note(nullableIn(node.arguments, fieldOf(place.parent, node.name.value).args, this.#nullable), here);
  }

  #within(type: GraphQLNamedType, place: Place): Place {
    const possible = new Set(this.#possible(type));
    return { ...place, parent: type, types: place.types.filter((candidate) => possible.has(candidate)) };
  }

  #possible(type: GraphQLNamedType): readonly GraphQLObjectType[] {
    if (isAbstractType(type)) return this.#schema.getPossibleTypes(type);
    return isObjectType(type) ? [type] : [];
  }

  #field(node: FieldNode, place: Place): SelectedField {
    const field = fieldOf(place.parent, node.name.value);
    const key = keyOf(node);
    if (key === TYPENAME_ALIAS) throw badInput(`The alias ${TYPENAME_ALIAS} is reserved.`, node);
    const path = [...place.path, key];
    const checks = node.name.value.startsWith('__') ? [] : this.#checksOf(node, { ...place, path });
    const returned = getNamedType(field.type);
    const children =
      node.selectionSet && isCompositeType(returned)
        ? this.selections(node.selectionSet, {
            parent: returned,
            types: this.#possible(returned),
            isTypeOpen: isAbstractType(returned),
            path,
            conditions: place.conditions,
            met: new Set([...place.met, ...this.#metBelow(node, place, returned)]),
          })
        : undefined;
    return { kind: 'field', node, key, field, types: place.types, isTypeOpen: place.isTypeOpen, checks, children };
  }

  #checksOf(node: FieldNode, place: Place): Check[] {
    const checks = place.types
      .filter((type) => this.#demands(type, node.name.value).some((demand) => !place.met.has(demand)))
      .map((type, offset) => ({
        index: this.checks.length + offset,
        type,
        node,
        path: place.path,
        conditions: place.conditions,
        isNamed: isObjectType(place.parent),
      }));
    this.checks.push(...checks);
    return checks;
  }

  /** All demands of a field: those of its type (roots have none), of the field itself, and of the type it returns. */
  #demands(type: GraphQLObjectType, fieldName: string): string[] {
    const returned = getNamedType(fieldOf(type, fieldName).type).name;
    return [type.name, `${type.name}.${fieldName}`, returned].flatMap((at) => demandsOf(this.#decisions.get(at)));
  }

  /** Demands known to hold below a field: those checked for every type that it is selected on. */
  #metBelow(node: FieldNode, place: Place, returned: GraphQLNamedType): string[] {
    if (node.name.value.startsWith('__')) return [];
    const only = place.types.length === 1 ? place.types[0]! : undefined;
    return only ? this.#demands(only, node.name.value) : demandsOf(this.#decisions.get(returned.name));
  }
}

function fieldOf(parent: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> {
  if (name === '__typename') return TypeNameMetaFieldDef;
  if (name === '__schema') return SchemaMetaFieldDef;
  if (name === '__type') return TypeMetaFieldDef;
  return (parent as GraphQLObjectType).getFields()[name]!;
}

const keyOf = (node: FieldNode): string => (node.alias ?? node.name).value;

const conditionsOf = (directives: readonly DirectiveNode[] = []): DirectiveNode[] =>
  directives.filter(({ name }) => name.value === 'skip' || name.value === 'include');

const badInput = (message: string, node?: FieldNode): GraphQLError =>
  new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } });

const tooLarge = (): GraphQLError =>
  new GraphQLError(`The operation has more than ${MAX_SELECTIONS} selections when its fragments are written out.`, {
    extensions: { code: 'OPERATION_TOO_LARGE', http: { spec: true, status: 400 } },
  });
