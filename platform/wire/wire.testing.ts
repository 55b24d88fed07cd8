/** A small agent, in process and behind HTTP, for tests of the wire. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { GraphQLError } from 'graphql';
import type { Replica } from '../agent/replicas.ts';
import { systemClock } from '../clock.ts';
import { LocalNonces } from '../cluster/nonces.ts';
import { Fault, Forbidden, refuse, Unauthenticated, Unavailable } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { resolversOf } from '../graphql/resolvers.ts';
import { createSubgraph, type Subgraph } from '../graphql/subgraph.ts';
import { typeDefsOf } from '../graphql/type-defs.ts';
import { newUuid } from '../ids.ts';
import { silentLogger } from '../log.ts';
import { type KeyRing, newKey } from '../secrets/key-ring.ts';
import { sleep } from '../sleep.ts';
import { RemoteSubgraph } from './remote-subgraph.ts';
import { type ServeOptions, type SubgraphServer, serveSubgraphs } from './serve-subgraphs.ts';
import { requestSigner, requestVerifier } from './signed-request.ts';
import { createTransport } from './transport.ts';

/** Record of the requests to the small agent. */
export interface World {
  /** Number of executions of its mutation. */
  counted: number;
  /** Numbers of requests that wait for their abort, and of aborted ones. */
  waiting: number;
  aborted: number;
  /** Number of open subscriptions. */
  open: number;
  /** The contexts of all requests. */
  callers: RequestContext[];
}

const typeDefs = typeDefsOf(`
  type Query {
    values: Values @public
    echo(at: DateTime, big: BigInt, amount: Decimal, any: JSON): JSON @public
    fails(how: String!): String @public
    sure: String! @public
    who: String @public
    waits: String @public
    soon: String @public
    own: String @authenticated
    large(characters: Int!): String @public
  }
  type Mutation {
    count: Int! @public
    refuse: Payload @public
  }
  type Subscription { ticks(to: Int!): Values @public silence: Int @public breaks: Int @public begins: Int @public }
  type Values @key(fields: "id") @public { id: ID! at: DateTime big: BigInt amount: Decimal any: JSON none: String bad: String }
  type Payload @public { userErrors: [UserError!]! }
`);

const values = (id = 'one'): object => ({
  id,
  at: new Date('2026-02-03T04:05:06.789Z'),
  big: 9_007_199_254_740_993n,
  amount: '1234567890.123456',
  any: { list: [1, 'two', null], text: 'é✓\u2028"' },
  none: null,
});

const FAILURES: Record<string, () => Error> = {
  forbidden: () => new Forbidden('This is not yours.'),
  unauthenticated: () => new Unauthenticated(),
  refusal: () => refuse('OUT_OF_STOCK', 'There is none left.', ['input', 'quantity']),
  unavailable: () => new Unavailable('The provider is away.'),
  fault: () => new Fault('BROKEN', 'It is broken.', { severity: 'CRITICAL' }),
  driver: () => Object.assign(new Error('connect ECONNREFUSED 10.9.8.7:5432'), { code: 'ECONNREFUSED' }),
  unstorable: () => Object.assign(new Error('invalid byte sequence'), { code: '22021' }),
  defect: () => new TypeError('x is not a function at 10.9.8.7'),
  graphql: () => new GraphQLError('The cursor has expired.', { extensions: { code: 'CURSOR_EXPIRED', oldest: 'c1' } }),
};

/** Creates the small agent. */
export function smallSubgraph(world: World): Subgraph {
  const waits = async (context: RequestContext): Promise<string> => {
    world.waiting++;
    await sleep(60_000, context.signal ?? new AbortController().signal);
    world.aborted++;
    return 'late';
  };
  const seen =
    <T>(resolve: (args: any, context: RequestContext) => T) =>
    (_: unknown, args: object, context: RequestContext): T => {
      world.callers.push(context);
      return resolve(args, context);
    };
  const resolvers = resolversOf(typeDefs, {
    Query: {
      values: seen(() => values()),
      echo: seen((args) => ({ ...args, big: args.big?.toString(), at: args.at?.toISOString() })),
      fails: seen(({ how }) => Promise.reject(FAILURES[how]!())),
      sure: seen(() => null),
      own: seen(() => 'yours'),
      who: seen((_, { actor, correlationId }) => JSON.stringify([actor.claims(), correlationId])),
      waits: seen((_, context) => waits(context)),
      soon: seen(() => sleep(100, new AbortController().signal).then(() => 'soon')),
      large: seen(({ characters }) => 'é'.repeat(characters)),
    },
    Mutation: {
      count: seen(() => ++world.counted),
      refuse: seen(() => ({ userErrors: [{ code: 'NOT_FOUND', message: 'There is none.', path: ['input'] }] })),
    },
    Subscription: {
      ticks: {
        subscribe: seen(({ to }) => ticking(world, to)),
        resolve: (n: number) => values(String(n)),
      },
      begins: {
        subscribe: async function* (_: unknown, __: object, { onBegin }: RequestContext) {
          await Promise.resolve();
          onBegin?.('c1');
          await sleep(50, new AbortController().signal);
          yield { begins: 1 };
          yield { begins: 2 };
        },
      },
      silence: { subscribe: seen(() => ticking(world, 0)) },
      breaks: {
        subscribe: () => {
          throw new Forbidden('You may not watch this.');
        },
      },
    },
    Values: {
      __resolveReference: ({ id }: { id: string }) => values(id),
      bad: () => Promise.reject(new Forbidden('This is not yours.')),
    },
  });
  return createSubgraph('small', typeDefs, resolvers);
}

/** Counts up to `to`; with 0 it is silent until it is ended. */
function ticking(world: World, to: number): AsyncIterableIterator<unknown> {
  let n = 0;
  let end: (() => void) | undefined;
  world.open++;
  const close = (): void => {
    if (n >= 0) world.open--;
    n = -1;
    end?.();
  };
  const ticks: AsyncIterableIterator<unknown> = {
    async next() {
      if (to === 0 && n === 0) await new Promise<void>((resolve) => (end = resolve));
      if (n < 0) return { done: true, value: undefined };
      if (n < to) return { done: false, value: ++n };
      close();
      return { done: true, value: undefined };
    },
    async return() {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => ticks,
  };
  return ticks;
}

/** An empty record. */
export const newWorld = (): World => ({ counted: 0, waiting: 0, aborted: 0, open: 0, callers: [] });

/** The keys that the tests' processes share. */
export const testRing: KeyRing = [newKey()];

/** The small agent behind HTTP. */
export interface ServedSmall {
  world: World;
  replica: Replica;
  served: SubgraphServer;
  refused: string[];
}

/** Serves the small agent on a free port. */
export async function serveSmall(options: Partial<ServeOptions> & { ring?: KeyRing } = {}): Promise<ServedSmall> {
  const world = newWorld();
  const process = newUuid();
  const refused: string[] = [];
  const served = serveSubgraphs({
    subgraphs: [smallSubgraph(world)],
    verifier: requestVerifier(options.ring ?? testRing, process, systemClock, new LocalNonces()),
    log: {
      debug() {},
      info() {},
      error() {},
      warn: (fields: { reason?: string }) => refused.push(fields.reason!),
    } as never,
    isReady: () => ({ ready: true, details: {} }),
    ...options,
  });
  served.server.listen(0, '127.0.0.1');
  await once(served.server, 'listening');
  const url = `http://127.0.0.1:${(served.server.address() as AddressInfo).port}/small`;
  return {
    world,
    served,
    refused,
    replica: { agent: 'small', process, instance: 'test', url, sdlHash: '', isLate: false },
  };
}

/** Creates a remote subgraph over these replicas. */
export function remoteSmall(
  replicas: () => readonly Replica[],
  options: { timeoutMs?: number; ring?: KeyRing; sender?: string } = {},
) {
  const transport = createTransport();
  const signer = requestSigner(options.ring ?? testRing, options.sender ?? 'tester', systemClock);
  const remote = new RemoteSubgraph({ name: 'small', replicas, signer, transport, log: silentLogger, ...options });
  return { remote, transport };
}
