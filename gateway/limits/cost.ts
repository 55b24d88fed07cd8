/**
 * Estimates the most that an operation will cost, before it is executed: a field that returns an object is 1 and one
 * that returns a scalar 0, unless `@cost` says otherwise, an argument what its `@cost` says; a mutation begins at 10;
 * the content of a list counts as often as the list is expected to be long.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { DEFAULT_PAGE } from '../../platform/graphql/connection.ts';
import type { CostTable, ListSize } from './cost-table.ts';

/** Expected length of a list that has no `@listSize`. */
const ASSUMED_SIZE = 10;
/** Base cost of a mutation, as in Apollo's demand control. */
const MUTATION = 10;

/** Values of variables, as the client sent them. */
type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** The cost of an operation of a valid document with these variables. */
export type Estimate = (
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Variables,
) => number;

/** Estimates operations of this schema. */
export function estimateWith(schema: GraphQLSchema, table: CostTable): Estimate {
  /** Estimates that do not depend on variables are made once. */
  const fixed = new WeakMap<DocumentNode, Map<string, number>>();
  return (document, operationName, variables) => {
    const key = operationName ?? '';
    const known = fixed.get(document)?.get(key);
    if (known !== undefined) return known;
    const operation = getOperationAST(document, operationName);
    const root = operation && schema.getRootType(operation.operation);
    if (!operation || !root) return 0;
    const walk = new Walk(schema, table, document, { operation, variables });
    const cost = (operation.operation === 'mutation' ? MUTATION : 0) + walk.selections(operation.selectionSet, root);
    if (!walk.hasAskedVariables) fixed.set(document, new Map(fixed.get(document)).set(key, cost));
    return cost;
  };
}

/** The traversal of one operation. Depth and width of its document are limited before (measure-document.ts). */
class Walk {
  readonly #schema: GraphQLSchema;
  readonly #table: CostTable;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #variables: Variables;
  readonly #defaults = new Map<string, ValueNode>();
  hasAskedVariables = false;

  constructor(
    schema: GraphQLSchema,
    table: CostTable,
    document: DocumentNode,
    { operation, variables }: { operation: OperationDefinitionNode; variables: Variables },
  ) {
    this.#schema = schema;
    this.#table = table;
    this.#variables = variables;
    for (const node of document.definitions)
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(node.name.value, node);
    for (const { variable, defaultValue } of operation.variableDefinitions ?? [])
      if (defaultValue) this.#defaults.set(variable.name.value, defaultValue);
  }

  /** `sized`: the lists of a connection, whose length it has given. */
  selections(
    set: SelectionSetNode,
    type: GraphQLNamedType,
    sized?: { fields: readonly string[]; size: number },
  ): number {
    let cost = 0;
    for (const selection of set.selections) {
      if (this.#isSkipped(selection.directives)) continue;
      if (selection.kind === Kind.FIELD) cost += this.#field(selection, type, sized);
      else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(selection.name.value)! : selection;
        const on = fragment.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
        cost += this.selections(fragment.selectionSet, on ?? type, sized);
      }
    }
    return cost;
  }

  #field(node: FieldNode, parent: GraphQLNamedType, sized?: { fields: readonly string[]; size: number }): number {
    const name = node.name.value;
    // Introspection is answered from memory; what it may ask is limited by graphql's own rule.
    if (name.startsWith('__') || !(isObjectType(parent) || isInterfaceType(parent))) return 0;
    const field = parent.getFields()[name]!;
    const coordinate = `${parent.name}.${name}`;
    const type = getNamedType(field.type);
    const { weights, sizes } = this.#table;
    const weight = weights.get(coordinate) ?? weights.get(type.name) ?? (isCompositeType(type) ? 1 : 0);
    const listSize = sizes.get(coordinate);
    const size = listSize && this.#size(listSize, node, field);
    const below = size !== undefined && listSize?.sizedFields ? { fields: listSize.sizedFields, size } : undefined;
    const inner = node.selectionSet ? this.selections(node.selectionSet, type, below) : 0;
    const times = isListType(getNullableType(field.type))
      ? ((sized?.fields.includes(name) ? sized.size : size) ?? ASSUMED_SIZE)
      : 1;
    return times * (weight + inner) + this.#arguments(node, coordinate);
  }

  #arguments(node: FieldNode, coordinate: string): number {
    let cost = 0;
    for (const { name } of node.arguments ?? []) cost += this.#table.weights.get(`${coordinate}(${name.value}:)`) ?? 0;
    return cost;
  }

  #size(
    { assumedSize, slicingArguments = [] }: ListSize,
    node: FieldNode,
    field: GraphQLField<unknown, unknown>,
  ): number {
    const sizes = slicingArguments
      .map((name) => this.#number(node, name) ?? field.args.find((argument) => argument.name === name)?.defaultValue)
      .filter((size): size is number => typeof size === 'number');
    if (sizes.length > 0) return Math.max(0, ...sizes);
    // The specification takes numbers only; but a client that names ids gets no more than those.
    const named = this.#length(node, 'ids');
    if (assumedSize !== undefined && named !== undefined) return Math.min(assumedSize, named);
    return assumedSize ?? (slicingArguments.length > 0 ? DEFAULT_PAGE : ASSUMED_SIZE);
  }

  #number(node: FieldNode, name: string): number | undefined {
    const read = this.#argument(node, name);
    return typeof read === 'number' ? read : undefined;
  }

  /** Length of a list argument. A value without brackets is a list of one. */
  #length(node: FieldNode, name: string): number | undefined {
    const read = this.#argument(node, name);
    if (read === undefined || read === null) return undefined;
    return Array.isArray(read) ? read.length : 1;
  }

  #argument(node: FieldNode, name: string): unknown {
    const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
    return value && this.#read(value);
  }

  #isSkipped(directives: readonly DirectiveNode[] = []): boolean {
    return directives.some(({ name, arguments: [condition] = [] }) => {
      const value = condition && this.#read(condition.value);
      return (name.value === 'skip' && value === true) || (name.value === 'include' && value === false);
    });
  }

  /** Numbers, booleans, texts and lists, written or in a variable. */
  #read(value: ValueNode): unknown {
    if (value.kind === Kind.INT) return Number(value.value);
    if (value.kind === Kind.BOOLEAN || value.kind === Kind.STRING) return value.value;
    if (value.kind === Kind.LIST) return value.values;
    if (value.kind !== Kind.VARIABLE) return undefined;
    this.hasAskedVariables = true;
    const variables = this.#variables ?? {};
    const given = Object.hasOwn(variables, value.name.value) ? variables[value.name.value] : undefined;
    const otherwise = this.#defaults.get(value.name.value);
    return given === undefined && otherwise ? this.#read(otherwise) : given;
  }
}
