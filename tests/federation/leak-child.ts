/**
 * A gateway under queries, errors, clients that leave and new graphs, round after round, and its used heap after each.
 * A process of its own: `node --expose-gc leak-child.ts ROUNDS TIMES`, so that nothing else is in that heap. Prints the
 * bytes after each round as JSON.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { graphOf } from '../../gateway/graph/graph.ts';
import { startGateway, subgraphsOf } from '../../gateway/gateway.testing.ts';
import { until } from '../support/until.ts';

type Started = Awaited<ReturnType<typeof startGateway>>;

const [rounds = 6, times = 100] = process.argv.slice(2).map(Number);

/** The text of an answer. Documents are of a bounded set: caches fill in the first round. */
const text = async (response: Promise<Response>): Promise<string> => (await response).text();

async function answered({ post }: Started, n: number): Promise<void> {
  const query = `query ($id: ID!) { a${n % 40}: order(id: $id) { id total customer { name email } } }`;
  await text(post(query, { variables: { id: `o${n}` }, token: 'Bearer ada' }));
}

/** Requests that are refused: by the parser, by validation, for a variable, by the gate. */
async function failed({ post }: Started, n: number): Promise<void> {
  await text(post(`{ a${n % 40}: order(id: `));
  await text(post(`{ a${n % 40}: nothing }`));
  await text(post('query ($n: Even!) { even(value: $n) }', { variables: { n: 1 } }));
  await text(post('{ customers { id } }'));
}

/** Errors of agents, of every kind. */
const broken = ({ post }: Started): Promise<string> =>
  text(post('{ fault thrown { deep needed } away forbidden orders { id customer { name } } }'));

/** A client that leaves before the answer. */
async function left({ url }: Started): Promise<void> {
  const controller = new AbortController();
  const body = JSON.stringify({ query: '{ orders { id total customer { name } } }' });
  const headers = { 'content-type': 'application/json' };
  const asked = fetch(`${url}/graphql`, { method: 'POST', headers, body, signal: controller.signal });
  await turn();
  controller.abort();
  await asked.then((response) => response.text()).catch(() => {});
}

/** A subscription over a socket of its own that receives an event and ends. */
async function watched({ client, world }: Started): Promise<void> {
  const socket = client('Bearer ada');
  const events = socket.iterate({ query: 'subscription { ticked { seq order { id customer { name } } } }' });
  const next = events.next();
  const ticking = setInterval(() => world.emit({ seq: 1, order: { id: 'o1', customer: { id: 'u1' } } }), 5);
  try {
    await next;
  } finally {
    clearInterval(ticking);
    await events.return!();
    await socket.dispose();
  }
}

/** A subscription by SSE, whose client leaves. */
async function streamed({ url, world }: Started): Promise<void> {
  const controller = new AbortController();
  const body = JSON.stringify({ query: 'subscription { ticked { seq broken } }' });
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const { signal } = controller;
  const ticking = setInterval(() => world.emit({ seq: 1 }), 5);
  try {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body, signal });
    const reader = response.body!.getReader();
    let seen = '';
    while (!seen.includes('"seq"')) seen += Buffer.from((await reader.read()).value ?? []).toString();
  } finally {
    clearInterval(ticking);
    controller.abort();
  }
}

async function inUse({ world }: Started): Promise<number> {
  // Records of the test's own world.
  world.calls.length = world.contexts.length = world.logged.length = 0;
  // V8 lets go of code that is not used any more only after several collections: 6 MB stay for up to ten of them.
  for (let n = 0; n < 20; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc!();
  }
  return process.memoryUsage().heapUsed;
}

const it = await startGateway();
const used: number[] = [];
for (let round = 0; round < rounds; round++) {
  for (let n = 0; n < times; n++) await Promise.all([answered(it, n), failed(it, n), broken(it)]);
  for (let n = 0; n < times / 5; n++) await Promise.all([left(it), watched(it), streamed(it)]);
  await it.gateway.swap(graphOf(subgraphsOf(it.world)));
  await until(() => it.gateway.graphVersions === 1 && it.gateway.uses === 0 && it.world.listeners.size === 0);
  used.push(await inUse(it));
}
process.stdout.write(`${JSON.stringify(used)}\n`);
await it.gateway.close();
