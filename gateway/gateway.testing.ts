/** For tests: a gateway over three tiny subgraphs, on a real port. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { GraphQLScalarType, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { Fault, Forbidden, Unauthenticated, Unavailable } from '../platform/errors.ts';
import { LINKS } from '../platform/gate/compose.testing.ts';
import type { RequestContext } from '../platform/graphql/context.ts';
import { createSubgraph, type Subgraph } from '../platform/graphql/subgraph.ts';
import { ANONYMOUS, Actor } from '../platform/identity/actor.ts';
import { createGateway, type GatewayOptions } from './server.ts';
import type { Identity } from './identity/session.ts';

/** Records of what the subgraphs did, and levers to make them do things. */
export class World {
  /** The resolvers that ran. */
  readonly calls: string[] = [];
  /** Contexts that resolvers saw. */
  readonly contexts: RequestContext[] = [];
  readonly logged: { level: string; fields: Record<string, unknown> }[] = [];
  /** Open subscriptions of the order subgraph. */
  listeners = new Set<(event: object) => void>();
  isReady = false;
  readonly roles = new Map<string, string[]>();

  /** Publishes an event to all subscribers. */
  emit(event: object): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** Tokens look like `Bearer ada`, or `Bearer ada 250` for one that is good for 250 ms more. */
export const authenticateIn =
  (world: World) =>
  async (authorization: string | undefined): Promise<Identity> => {
    if (authorization === undefined) return { actor: ANONYMOUS };
    const [, id, ms] = /^Bearer (ada|bob)(?: (\d+))?$/.exec(authorization) ?? [];
    if (!id) throw new Unauthenticated('The access token is not valid: sign in again.');
    const scopes = world.roles.get(id) ?? [];
    return { actor: new Actor({ id, roles: [], scopes }), expiresAt: new Date(Date.now() + Number(ms ?? 60_000)) };
  };

const EVEN = new GraphQLScalarType({
  name: 'Even',
  parseValue(value) {
    if (typeof value !== 'number' || value % 2 !== 0) throw new TypeError(`${String(value)} is not even.`);
    return value;
  },
});

const NAMES: Record<string, string> = { u1: 'Ada', u2: 'Bob' };

/** Orders, customers, and products with what can go wrong. */
export const subgraphsOf = (world: World): Subgraph[] => [
  createSubgraph('order', parse(ORDER_SDL), orderResolvers(world)),
  createSubgraph('customer', parse(CUSTOMER_SDL), customerResolvers(world)),
  createSubgraph('trouble', parse(TROUBLE_SDL), TROUBLE),
];

const ORDER_SDL = `${LINKS}
  scalar Even
  type Query { order(id: ID!): Order @public orders: [Order!] @public even(value: Even!): Int @public evens(values: [Even!]): Int @public }
  type Mutation { place(name: String!): Order @public refund: Order @authenticated receiveOrderWebhook(input: Delivery!): Receipt @authenticated }
  input Delivery { endpoint: String! id: String timestamp: String signature: String body: String! }
  type Receipt @public { outcome: String! }
  type Subscription { orderUpdated(id: ID): OrderEvent @authenticated ticked: OrderEvent @public }
  type OrderEvent @public { seq: Int! order: Order broken: Int note: String @requiresScopes(scopes: [["order:read"]]) }
  type Order @key(fields: "id") @public {
    id: ID!
    total: Int
    margin: Int @requiresScopes(scopes: [["order:read"]])
    customer: Customer
  }
  type Customer @key(fields: "id", resolvable: false) { id: ID! }
`;
const CUSTOMER_SDL = `${LINKS}
  type Query { customers: [Customer] @authenticated }
  type Customer @key(fields: "id") @public { id: ID! name: String email: String @authenticated }
`;
const TROUBLE_SDL = `${LINKS}
  type Query { fault: Int @public thrown: Trouble @public away: Int @public forbidden: Int @public }
  type Trouble @public { deep: Int needed: Int! }
`;

const orderOf = (id: string) => ({ id, total: 42, margin: 7, customer: { __typename: 'Customer', id: 'u1' } });

function orderResolvers(world: World): object {
  const seen = <T>(name: string, context: RequestContext, value: T): T => {
    world.calls.push(name);
    world.contexts.push(context);
    return value;
  };
  return {
    Even: EVEN,
    Query: {
      order: (_: unknown, { id }: { id: string }, context: RequestContext) => seen('order', context, orderOf(id)),
      orders: (_: unknown, __: unknown, context: RequestContext) =>
        seen('orders', context, [orderOf('o1'), orderOf('o2')]),
      evens: (_: unknown, { values }: { values: number[] }) => values.length,
      even: (_: unknown, { value }: { value: number }) => value,
    },
    Mutation: {
      place: (_: unknown, { name }: { name: string }, context: RequestContext) => seen('place', context, orderOf(name)),
      refund: (_: unknown, __: unknown, context: RequestContext) => seen('refund', context, orderOf('r')),
      receiveOrderWebhook: (_: unknown, __: unknown, context: RequestContext) =>
        seen('delivery', context, { outcome: 'STORED' }),
    },
    Subscription: {
      orderUpdated: { subscribe: () => listen(world, 'orderUpdated') },
      ticked: { subscribe: () => listen(world, 'ticked') },
    },
    OrderEvent: {
      broken: () => {
        throw new Error('secret of the database');
      },
    },
    Order: { __resolveReference: ({ id }: { id: string }) => orderOf(id) },
  };
}

function customerResolvers(world: World): object {
  return {
    Query: { customers: () => [] },
    Customer: {
      __resolveReference: ({ id }: { id: string }, context: RequestContext) => {
        world.calls.push(`customer:${id}`);
        world.contexts.push(context);
        return { id, name: NAMES[id], email: `${id}@agora.test` };
      },
    },
  };
}

const TROUBLE = {
  Query: {
    fault: () => {
      throw new Fault('DISK_FULL', 'host db-3.internal has no space');
    },
    thrown: () => ({}),
    away: () => {
      throw new Unavailable('db-3.internal does not answer');
    },
    forbidden: () => {
      throw new Forbidden('This order belongs to somebody else.');
    },
  },
  Trouble: {
    deep: () => {
      throw new TypeError("Cannot read properties of undefined (reading 'secret')");
    },
    needed: () => null,
  },
};

/** Events from `world.emit`, for as long as the subscription is open. */
function listen(world: World, field: string): AsyncGenerator<object> {
  const queue: object[] = [];
  let wake: (() => void) | undefined;
  let isOver = false;
  const listener = (event: object): void => {
    queue.push({ [field]: event });
    wake?.();
  };
  world.listeners.add(listener);
  const iterator = {
    async next(): Promise<IteratorResult<object>> {
      while (queue.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
      return isOver ? { done: true, value: undefined } : { done: false, value: queue.shift()! };
    },
    async return(): Promise<IteratorResult<object>> {
      isOver = true;
      world.listeners.delete(listener);
      wake?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator as unknown as AsyncGenerator<object>;
}

/** A gateway that listens, with what a test needs to talk to it. */
export async function startGateway(options: Partial<GatewayOptions> = {}) {
  const world = new World();
  const level = (name: string) => (fields: object) => void world.logged.push({ level: name, fields: fields as never });
  const log = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const isReady = () => ({ ready: world.isReady, details: { migrations: world.isReady } });
  const subgraphs = subgraphsOf(world);
  const gateway = await createGateway({
    subgraphs,
    authenticate: authenticateIn(world),
    log: log as never,
    isReady,
    ...options,
  });
  gateway.server.listen(0, '127.0.0.1');
  await once(gateway.server, 'listening');
  const port = (gateway.server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${port}`;
  return {
    world,
    gateway,
    url,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    /** Posts a query. */
    post: (query: string, { token, variables, operationName, headers }: PostOptions = {}) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: token }), ...headers },
        body: JSON.stringify({ query, variables, operationName }),
      }),
    /** A client over WebSocket. */
    client: (authorization?: string) =>
      createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization },
      }),
  };
}

/** Options of a query. */
export interface PostOptions {
  token?: string;
  variables?: object;
  operationName?: string;
  headers?: Record<string, string>;
}
