/**
 * Columns in the names of the entities' properties: a statement that says `merchantId` reads and writes `merchant_id`, and
 * its rows come back with `merchantId`. The names are changed while the statement is compiled, so that nothing walks its
 * tree or its rows once more (Kysely's CamelCasePlugin and MikroORM's plugin walk both). A name without capitals stays as
 * it is. The text of raw SQL is not looked at.
 */
import {
  AliasNode,
  ColumnNode,
  type IdentifierNode,
  IdentifierNode as Identifier,
  PostgresQueryCompiler,
  RawNode,
  ReferenceNode,
  ReturningNode,
  type SelectionNode,
} from 'kysely';
import { columnName } from '../platform/data/column-name.ts';

/** PostgreSQL's compiler of Kysely, with columns in the names of properties. */
export class PropertyNamesCompiler extends PostgresQueryCompiler {
  protected override visitIdentifier(node: IdentifierNode): void {
    this.append('"');
    this.append(this.sanitizeIdentifier(columnName(node.name)));
    this.append('"');
  }

  /**
   * Columns that the statement itself returns are named after the property; those that a subquery selects, after the
   * column.
   */
  protected override visitSelection(node: SelectionNode): void {
    const name = this.#isReturned() ? outputName(node) : undefined;
    if (name === undefined || name === columnName(name)) return super.visitSelection(node);
    const { selection } = node;
    this.visitNode(AliasNode.is(selection) ? selection.node : selection);
    this.append(` as "${this.sanitizeIdentifier(name)}"`);
  }

  /**
   * Whether a selection is returned: by the statement, or into raw SQL around it, as by `jsonArrayFrom`, whose keys are
   * then those of its type.
   */
  #isReturned(): boolean {
    const [outer, parent] = [this.nodeStack.at(-3), this.nodeStack.at(-2)!];
    if (outer === undefined) return true;
    return RawNode.is(outer) || (this.nodeStack.length === 3 && ReturningNode.is(parent));
  }
}

function outputName({ selection }: SelectionNode): string | undefined {
  if (AliasNode.is(selection)) return Identifier.is(selection.alias) ? selection.alias.name : undefined;
  const column = ReferenceNode.is(selection) ? selection.column : selection;
  return ColumnNode.is(column) ? column.column.name : undefined;
}
