/**
 * A gateway over two subgraphs, in a process of its own: events come from one, and each is joined with data of the
 * other. Steered by messages, each of which it answers: `emit`, `state`.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parse } from 'graphql';
import { createGateway } from '../../gateway/server.ts';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { silentLogger } from '../../platform/log.ts';

/** The gateway's state, after a garbage collection. CPU in milliseconds since it began, memory in bytes. */
export interface GatewayState {
  cpu: number;
  rss: number;
  heap: number;
  groups: number;
  subscribers: number;
}

interface Tick {
  n: number;
  at: number;
}

const readers = new Set<(tick: Tick) => void>();
let last = 0;

/** Ticks from now on, each with its number for a cursor, like events of a log. */
function ticks(): AsyncIterableIterator<{ ticked: Tick }> {
  const queue: Tick[] = [];
  let wake: (() => void) | undefined;
  let isOver = false;
  const read = (tick: Tick): void => {
    queue.push(tick);
    wake?.();
  };
  readers.add(read);
  const iterator: AsyncIterableIterator<{ ticked: Tick }> = {
    async next() {
      while (queue.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
      return isOver ? { done: true, value: undefined } : { done: false, value: { ticked: queue.shift()! } };
    },
    async return() {
      isOver = true;
      readers.delete(read);
      wake?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

const CLOCK = `${LINKS}
  type Query { clock: Int @public }
  type Subscription { ticked(after: String, room: String): Tick! @public }
  type Tick @public { cursor: String! n: Int! at: Float! products: [Product!]! }
  type Product @key(fields: "id", resolvable: false) { id: ID! }
`;
const PRODUCTS = `${LINKS}
  type Query { products: [Product!] @public }
  type Product @key(fields: "id") @public { id: ID! name: String! price: Float! }
`;

const clock = createSubgraph('clock', parse(CLOCK), {
  Subscription: { ticked: { subscribe: ticks } },
  Tick: { cursor: ({ n }: Tick) => `c${n}`, products: () => ['lamp', 'desk', 'chair'].map((id) => ({ id })) },
});
const products = createSubgraph('products', parse(PRODUCTS), {
  Product: {
    __resolveReference: ({ id }: { id: string }) => ({ id, name: `A ${id} for people who read at night`, price: 12.5 }),
  },
});

const gateway = await createGateway({
  subgraphs: [clock, products],
  authenticate: async () => ({ actor: ANONYMOUS }),
  log: silentLogger,
  isReady: () => ({ ready: true, details: {} }),
});
gateway.server.listen(0, '127.0.0.1');
await once(gateway.server, 'listening');

function state(): GatewayState {
  const { user, system } = process.cpuUsage();
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { liveGroups: groups, subscribers } = gateway;
  return { cpu: (user + system) / 1000, rss, heap: heapUsed + external, groups, subscribers };
}

process.on('message', (message: { what: 'emit'; at: number } | { what: 'state' }) => {
  if (message.what === 'emit') {
    const tick = { n: ++last, at: message.at };
    for (const read of readers) read(tick);
  }
  process.send!(message.what === 'state' ? state() : {});
});
process.send!((gateway.server.address() as AddressInfo).port);
