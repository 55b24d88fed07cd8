import { type ASTNode, type DocumentNode, Kind, visit, BREAK } from 'graphql';

/** The response keys on the way to a node, of the field that it belongs to. Undefined within a fragment, which is anywhere. */
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
