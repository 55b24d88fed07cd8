import { type ASTNode, type DocumentNode, Kind, visit, BREAK } from 'graphql';

/**
 * Response keys on the path to the field that a node belongs to. Undefined within a fragment, which may be spread
 * anywhere.
 */
export function pathTo(document: DocumentNode, wanted: ASTNode | undefined): readonly string[] | undefined {
  let path: string[] | undefined;
  if (!wanted) return undefined;
  visit(document, {
    enter(node, _key, _parent, _place, ancestors) {
      if (node !== wanted) return undefined;
      const above = (ancestors as (ASTNode | readonly ASTNode[])[]).filter((one): one is ASTNode => 'kind' in one);
      const keys = above.flatMap((one) => (one.kind === Kind.FIELD ? [(one.alias ?? one.name).value] : []));
      if (keys.length > 0 && !above.some(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)) path = keys;
      return BREAK;
    },
  });
  return path;
}
