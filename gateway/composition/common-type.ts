import {
  type ConstDirectiveNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  print,
  type TypeNode as TypeReference,
  type UnionTypeDefinitionNode,
} from 'graphql';
import { commonDirectives } from './common-directives.ts';
import type { TypeNode } from './merged-types.ts';

/** A named node of a list. */
interface Named {
  readonly name: { readonly value: string };
}

/** The common part of all versions of a type, or undefined if there is none. The first version is the newest. */
export function commonType(versions: readonly TypeNode[]): TypeNode | undefined {
  const [newest] = versions as readonly [TypeNode, ...TypeNode[]];
  if (versions.some(({ kind }) => kind !== newest.kind)) return undefined;
  const directives = commonDirectives(versions.map((version) => version.directives));
  if (!directives) return undefined;
  const type = { ...newest, directives };
  switch (type.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
      return withFields(type, versions as readonly (typeof type)[]);
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return withInputFields(type, versions as readonly InputObjectTypeDefinitionNode[]);
    case Kind.ENUM_TYPE_DEFINITION: {
      const values = inAll(
        versions.map((version) => (version as EnumTypeDefinitionNode).values ?? []),
        withDirectives,
      );
      return values.length > 0 ? { ...type, values } : undefined;
    }
    case Kind.UNION_TYPE_DEFINITION: {
      const types = inAll(
        versions.map((version) => (version as UnionTypeDefinitionNode).types ?? []),
        first,
      );
      return types.length > 0 ? { ...type, types } : undefined;
    }
    default:
      return type;
  }
}

const first = <T>([newest]: readonly T[]): T => newest!;

/** The items that stand in every list, each merged by `common`; left out where nothing of them is common. */
function inAll<T extends Named>(lists: readonly (readonly T[])[], common: (same: T[]) => T | undefined): T[] {
  const [newest, ...others] = lists;
  return newest!.flatMap((item) => {
    const same = [item, ...others.map((list) => list.find(({ name }) => name.value === item.name.value))];
    const made = same.every((node): node is T => node !== undefined) ? common(same) : undefined;
    return made ? [made] : [];
  });
}

function withDirectives<T extends { readonly directives?: readonly ConstDirectiveNode[] }>(same: T[]): T | undefined {
  const directives = commonDirectives(same.map((node) => node.directives));
  return directives && { ...same[0]!, directives };
}

function withFields<T extends ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode>(
  type: T,
  versions: readonly T[],
): T | undefined {
  const fields = inAll(
    versions.map((version) => version.fields ?? []),
    commonField,
  );
  const interfaces = inAll(
    versions.map((version) => version.interfaces ?? []),
    first,
  );
  return fields.length > 0 ? { ...type, fields, interfaces } : undefined;
}

function commonField(same: FieldDefinitionNode[]): FieldDefinitionNode | undefined {
  const type = commonReference(
    same.map((field) => field.type),
    'output',
  );
  const args = commonInputs(same.map((field) => field.arguments ?? []));
  const field = withDirectives(same);
  return type && args && field && { ...field, type, arguments: args };
}

function withInputFields(
  type: InputObjectTypeDefinitionNode,
  versions: readonly InputObjectTypeDefinitionNode[],
): InputObjectTypeDefinitionNode | undefined {
  const fields = commonInputs(versions.map((version) => version.fields ?? []));
  return fields && fields.length > 0 ? { ...type, fields } : undefined;
}

/** The common inputs; undefined if one version requires an input that another does not know: no request fits both. */
function commonInputs(lists: readonly (readonly InputValueDefinitionNode[])[]): InputValueDefinitionNode[] | undefined {
  const common = inAll(lists, commonInput);
  const isKept = (input: Named): boolean => common.some(({ name }) => name.value === input.name.value);
  return lists.flat().some((input) => isRequired(input) && !isKept(input)) ? undefined : common;
}

const isRequired = ({ type, defaultValue }: InputValueDefinitionNode): boolean =>
  type.kind === Kind.NON_NULL_TYPE && !defaultValue;

function commonInput(same: InputValueDefinitionNode[]): InputValueDefinitionNode | undefined {
  const type = commonReference(
    same.map((input) => input.type),
    'input',
  );
  const input = withDirectives(same);
  if (!type || !input) return undefined;
  // Where the defaults differ, an omitted value would mean one thing here and another there.
  const defaults = new Set(same.map(({ defaultValue }) => defaultValue && print(defaultValue)));
  return defaults.size > 1 ? undefined : withoutVainDeprecation({ ...input, type });
}

/** GraphQL knows no deprecated input that is required: as long as one version requires it, it is not deprecated. */
function withoutVainDeprecation(input: InputValueDefinitionNode): InputValueDefinitionNode {
  if (!isRequired(input)) return input;
  return { ...input, directives: input.directives?.filter(({ name }) => name.value !== 'deprecated') };
}

/**
 * The same type in all, but for null: an answer may be null if one version may answer it; an input must be there if one
 * version needs it. Undefined if they differ in more.
 */
function commonReference(versions: readonly TypeReference[], use: 'input' | 'output'): TypeReference | undefined {
  const bare = versions.map((type) => (type.kind === Kind.NON_NULL_TYPE ? type.type : type));
  const nonNull = versions.map(({ kind }) => kind === Kind.NON_NULL_TYPE);
  const [newest] = bare as [(typeof bare)[0], ...typeof bare];
  let inner: (typeof bare)[0] | undefined;
  if (newest.kind === Kind.LIST_TYPE) {
    if (bare.some(({ kind }) => kind !== Kind.LIST_TYPE)) return undefined;
    const items = commonReference(
      bare.map((type) => (type as typeof newest).type),
      use,
    );
    inner = items && { kind: Kind.LIST_TYPE, type: items };
  } else {
    inner = bare.every((type) => print(type) === print(newest)) ? newest : undefined;
  }
  const isNonNull = use === 'output' ? nonNull.every(Boolean) : nonNull.some(Boolean);
  return inner && isNonNull ? { kind: Kind.NON_NULL_TYPE, type: inner } : inner;
}
