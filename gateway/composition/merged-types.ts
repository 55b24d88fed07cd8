import {
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ScalarTypeDefinitionNode,
  type UnionTypeDefinitionNode,
} from 'graphql';

/** The definition of a type. */
export type TypeNode =
  | ObjectTypeDefinitionNode
  | InterfaceTypeDefinitionNode
  | InputObjectTypeDefinitionNode
  | EnumTypeDefinitionNode
  | UnionTypeDefinitionNode
  | ScalarTypeDefinitionNode;

/** In federation 2 a definition and an extension say the same. */
const DEFINITION_OF: Partial<Record<Kind, TypeNode['kind']>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: Kind.OBJECT_TYPE_DEFINITION,
  [Kind.OBJECT_TYPE_EXTENSION]: Kind.OBJECT_TYPE_DEFINITION,
  [Kind.INTERFACE_TYPE_DEFINITION]: Kind.INTERFACE_TYPE_DEFINITION,
  [Kind.INTERFACE_TYPE_EXTENSION]: Kind.INTERFACE_TYPE_DEFINITION,
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: Kind.INPUT_OBJECT_TYPE_DEFINITION,
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: Kind.INPUT_OBJECT_TYPE_DEFINITION,
  [Kind.ENUM_TYPE_DEFINITION]: Kind.ENUM_TYPE_DEFINITION,
  [Kind.ENUM_TYPE_EXTENSION]: Kind.ENUM_TYPE_DEFINITION,
  [Kind.UNION_TYPE_DEFINITION]: Kind.UNION_TYPE_DEFINITION,
  [Kind.UNION_TYPE_EXTENSION]: Kind.UNION_TYPE_DEFINITION,
  [Kind.SCALAR_TYPE_DEFINITION]: Kind.SCALAR_TYPE_DEFINITION,
  [Kind.SCALAR_TYPE_EXTENSION]: Kind.SCALAR_TYPE_DEFINITION,
};

const PARTS = ['directives', 'interfaces', 'fields', 'values', 'types'] as const;

/** The types of a document by name, each whole: what its definition and its extensions say, together. */
export function mergedTypes(document: DocumentNode): Map<string, TypeNode> {
  const types = new Map<string, TypeNode>();
  for (const node of document.definitions) {
    const kind = DEFINITION_OF[node.kind];
    if (!kind || !('name' in node)) continue;
    const name = node.name!.value;
    const known = types.get(name) as unknown as Record<string, unknown> | undefined;
    const merged: Record<string, unknown> = { description: known?.description, ...node, kind };
    for (const part of PARTS) {
      const more = (node as unknown as Record<string, unknown>)[part] as unknown[] | undefined;
      const before = known?.[part] as unknown[] | undefined;
      if (more || before) merged[part] = [...(before ?? []), ...(more ?? [])];
    }
    types.set(name, merged as unknown as TypeNode);
  }
  return types;
}
