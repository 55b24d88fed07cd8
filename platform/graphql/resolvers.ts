import { type DocumentNode, Kind } from 'graphql';
import { type Money, toDecimal } from '../money.ts';
import type { Connection } from './connection.ts';
import { scalars } from './scalars.ts';

type Resolvers = Record<string, object>;

/** Resolvers of the shared definitions: scalars, money, and the concrete type of a user error. */
const shared: Resolvers = {
  ...scalars,
  Money: {
    amount: (money: Money) => toDecimal(money),
  },
  UserError: {
    __resolveType: (error: { __typename?: string }) => error.__typename ?? 'SimpleUserError',
  },
};

/** A room's resolvers: one map, or one for each of its capabilities. */
export type RoomResolvers = object | readonly object[];

/**
 * Merges an agent's resolvers: the shared ones, those of its connections, and the room's own.
 * @throws Error if two capabilities of the room resolve the same field
 */
export function resolversOf(typeDefs: DocumentNode, room: RoomResolvers): Resolvers {
  const merged: Resolvers = { ...shared, ...connections(typeDefs) };
  const maps = (Array.isArray(room) ? room : [room]) as readonly Resolvers[];
  const own = new Set<string>();
  for (const [type, fields] of maps.flatMap((map) => Object.entries(map))) {
    for (const coordinate of isPlain(fields) ? Object.keys(fields).map((field) => `${type}.${field}`) : [type]) {
      if (own.has(coordinate)) throw new Error(`${coordinate} is resolved by two capabilities of the room: keep one`);
      own.add(coordinate);
    }
    const base = merged[type];
    merged[type] = base && isPlain(base) ? { ...base, ...fields } : fields;
  }
  return merged;
}

/** Resolvers of `totalCount`, which is a promise: an executor awaits it only where there is a resolver. */
function connections(typeDefs: DocumentNode): Resolvers {
  const types = typeDefs.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  const counted = types.filter(
    (type) => type.name.value.endsWith('Connection') && type.fields?.some((field) => field.name.value === 'totalCount'),
  );
  const totalCount = (page: Connection<unknown>) => page.totalCount;
  return Object.fromEntries(counted.map((type) => [type.name.value, { totalCount }]));
}

const isPlain = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype;
