/**
 * The `@cost` and `@listSize` directives that composition has kept (https://specs.apollo.dev/cost/v0.1), the cost
 * specification of IBM (https://ibm.github.io/graphql-specs/cost-spec.html) in federation's dress.
 */
import { type ConstDirectiveNode, type DirectiveNode, Kind, parse, valueFromASTUntyped } from 'graphql';

/** Expected length of a list. */
export interface ListSize {
  assumedSize?: number;
  /** Arguments that give the length; the largest counts. */
  slicingArguments?: readonly string[];
  /** The fields of the answer that are such lists: of a connection, `edges` and `nodes`. */
  sizedFields?: readonly string[];
}

/** Costs by coordinate: `Query.products`, `Money`, `Query.products(first:)`. */
export interface CostTable {
  weights: ReadonlyMap<string, number>;
  sizes: ReadonlyMap<string, ListSize>;
}

const SPECIFICATION = 'https://specs.apollo.dev/cost/';

/** The costs that a supergraph declares; undefined if it knows nothing of costs. */
export function costTableOf(supergraphSdl: string): CostTable | undefined {
  const document = parse(supergraphSdl, { noLocation: true });
  const links = document.definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION ? (node.directives ?? []) : [],
  );
  const names = links.map(namesIn).find((found) => found !== undefined);
  if (!names) return undefined;
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const collect = (coordinate: string, directives: readonly ConstDirectiveNode[] = []): void => {
    for (const node of directives) {
      if (node.name.value === names.cost) weights.set(coordinate, Number(argumentsOf(node).weight));
      if (node.name.value === names.listSize) sizes.set(coordinate, argumentsOf(node) as ListSize);
    }
  };
  for (const node of document.definitions) {
    if (!('name' in node) || !node.name || !('directives' in node)) continue;
    const type = node.name.value;
    collect(type, node.directives as readonly ConstDirectiveNode[]);
    if (!('fields' in node)) continue;
    for (const field of node.fields ?? []) {
      collect(`${type}.${field.name.value}`, field.directives);
      if (!('arguments' in field)) continue;
      for (const argument of field.arguments ?? [])
        collect(`${type}.${field.name.value}(${argument.name.value}:)`, argument.directives);
    }
  }
  return { weights, sizes };
}

/** Local names of the two directives: a `@link` may rename all, or what it imports. */
function namesIn(link: DirectiveNode): { cost: string; listSize: string } | undefined {
  const { url, as, import: imports = [] } = argumentsOf(link) as { url?: string; as?: string; import?: unknown[] };
  if (!url?.startsWith(SPECIFICATION)) return undefined;
  const named = (name: string, otherwise: string): string => {
    for (const item of imports) {
      if (item === name) return name.slice(1);
      const { name: imported, as: local } = item as { name?: string; as?: string };
      if (imported === name) return (local ?? name).slice(1);
    }
    return otherwise;
  };
  const space = as ?? 'cost';
  return { cost: named('@cost', space), listSize: named('@listSize', `${space}__listSize`) };
}

const argumentsOf = (node: DirectiveNode): Record<string, unknown> =>
  Object.fromEntries((node.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
