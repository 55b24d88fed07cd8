/** A route from a root to every field of the API, as a document: as open as possible, and as short. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isIntrospectionType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { callOf, head } from './samples.ts';

/** A field on the route, with the object type that it is asked of. */
export interface Step {
  type: GraphQLObjectType;
  field: GraphQLField<unknown, unknown>;
}

/** The route to one coordinate. */
export interface Route {
  coordinate: string;
  steps: readonly Step[];
  query: string;
  variables: Record<string, unknown>;
}

/**
 * Every field of every object type, once.
 * @param isOpen whether a step is allowed: fields behind a forbidden one are only asked for if there is no other route
 * @throws Error for a field that no root leads to
 */
export function routes(schema: GraphQLSchema, isOpen: (step: Step) => boolean): Route[] {
  const ways = new Map([...waysTo(schema, () => true), ...waysTo(schema, isOpen)]);
  return Object.values(schema.getTypeMap())
    .filter((type): type is GraphQLObjectType => isObjectType(type) && !isIntrospectionType(type))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => {
        const way = ways.get(type.name);
        if (!way) throw new Error(`No root field leads to ${type.name}.`);
        return routeOf(schema, [...way, { type, field }]);
      }),
    );
}

/** Routes to all types, breadth first, so that each is as short as possible. */
function waysTo(schema: GraphQLSchema, isOpen: (step: Step) => boolean): Map<string, Step[]> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => !!type,
  );
  const ways = new Map<string, Step[]>(roots.map((root) => [root.name, []]));
  const waiting: GraphQLObjectType[] = [...roots];
  for (let type = waiting.shift(); type; type = waiting.shift()) {
    for (const field of Object.values(type.getFields())) {
      if (!isOpen({ type, field })) continue;
      for (const next of possible(schema, getNamedType(field.type))) {
        if (ways.has(next.name)) continue;
        ways.set(next.name, [...ways.get(type.name)!, { type, field }]);
        waiting.push(next);
      }
    }
  }
  return ways;
}

const possible = (schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] => {
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
};

function routeOf(schema: GraphQLSchema, steps: readonly Step[]): Route {
  const calls = steps.map(({ field }, index) => callOf(field, `v${index}`));
  const last = steps.at(-1)!;
  const selections = steps.reduceRight((inner, { field }, index) => {
    const on = steps[index + 1]?.type ?? getNamedType(field.type);
    const below = isLeafType(on) ? '' : ` { ... on ${on.name} { ${inner || leafOf(on)} } }`;
    return `${calls[index]!.text}${below}`;
  }, '');
  const kind = ['query', 'mutation', 'subscription'].find((name) => rootOf(schema, name) === steps[0]!.type)!;
  return {
    coordinate: `${last.type.name}.${last.field.name}`,
    steps,
    query: `${head(
      kind,
      calls.flatMap(({ declared }) => declared),
    )} { ${selections} }`,
    variables: Object.assign({}, ...calls.map(({ variables }) => variables)),
  };
}

const rootOf = (schema: GraphQLSchema, name: string): GraphQLObjectType | null | undefined =>
  ({ query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() })[
    name as 'query'
  ];

/**
 * The selection of a leaf. `__typename` has no rule of its own; of an interface it has none at all, and nothing else is
 * needed there.
 */
const leafOf = (type: GraphQLNamedType): string => (isCompositeType(type) ? '__typename' : '');
