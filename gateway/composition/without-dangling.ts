import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type TypeNode as TypeReference,
} from 'graphql';

/** Types that are named without being defined: GraphQL's own. */
const BUILT_IN: ReadonlySet<string> = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);

/** Removes dangling references, to types that are gone; and then what refers to what that has emptied. */
export function withoutDangling(document: DocumentNode): DocumentNode {
  let { definitions } = document;
  for (;;) {
    const there = new Set(definitions.flatMap((node) => ('name' in node && node.name ? [node.name.value] : [])));
    const isThere = (type: TypeReference): boolean => BUILT_IN.has(nameOf(type)) || there.has(nameOf(type));
    const left = definitions.flatMap((node) => cleaned(node, isThere));
    const isSame = left.length === definitions.length && left.every((node, index) => node === definitions[index]);
    if (isSame) return { ...document, definitions };
    definitions = left;
  }
}

type IsThere = (type: TypeReference) => boolean;

/** The definition without dangling references: the same object if it had none, nothing if nothing is left. */
function cleaned(node: DefinitionNode, isThere: IsThere): DefinitionNode[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const { fields: all = [], interfaces: of = [] } = node;
      const fields = changed(all, (field) => cleanedField(field, isThere));
      const interfaces = changed(of, (type) => (isThere(type) ? type : undefined));
      if (fields === all && interfaces === of) return [node];
      return fields.length > 0 ? [{ ...node, fields, interfaces }] : [];
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      const { fields: all = [] } = node;
      const fields = cleanedInputs(all, isThere);
      if (fields === all) return [node];
      return fields && fields.length > 0 ? [{ ...node, fields }] : [];
    }
    case Kind.UNION_TYPE_DEFINITION: {
      const { types: all = [] } = node;
      const types = changed(all, (type) => (isThere(type) ? type : undefined));
      if (types === all) return [node];
      return types.length > 0 ? [{ ...node, types }] : [];
    }
    default:
      return [node];
  }
}

function cleanedField(field: FieldDefinitionNode, isThere: IsThere): FieldDefinitionNode | undefined {
  const { arguments: all = [] } = field;
  const args = cleanedInputs(all, isThere);
  if (!isThere(field.type) || !args) return undefined;
  return args === all ? field : { ...field, arguments: args };
}

/** The inputs that are left; undefined if a required one had to go. */
function cleanedInputs(
  inputs: readonly InputValueDefinitionNode[],
  isThere: IsThere,
): readonly InputValueDefinitionNode[] | undefined {
  const isLost = ({ type, defaultValue }: InputValueDefinitionNode): boolean =>
    !isThere(type) && type.kind === Kind.NON_NULL_TYPE && !defaultValue;
  return inputs.some(isLost) ? undefined : changed(inputs, (input) => (isThere(input.type) ? input : undefined));
}

/** The changed list: the same object if nothing changed. */
function changed<T>(list: readonly T[], change: (item: T) => T | undefined): readonly T[] {
  const left = list.flatMap((item) => change(item) ?? []);
  return left.length === list.length && left.every((item, index) => item === list[index]) ? list : left;
}

const nameOf = (type: TypeReference): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type));
