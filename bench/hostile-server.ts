/** The gateway of bench/hostile.ts, in a thread of its own: over the published graph, with agents that answer at once. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';
import { createGateway } from '../gateway/server.ts';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import { silentLogger } from '../platform/log.ts';

const supergraphSdl = readFileSync('schema/supergraph.graphql', 'utf8');
const names = [...supergraphSdl.matchAll(/@join__graph\(name: "(\w+)"/g)].map(([, name]) => name!);
const answer = async () => ({ data: { products: { nodes: [{ id: 'product_1', name: 'One' }] } } });
const endpoints = names.map((name) => ({ name, execute: answer, subscribe: answer }));

const gateway = await createGateway({
  graph: { supergraphSdl, endpoints, scalars: () => undefined },
  authenticate: async () => ({ actor: ANONYMOUS }),
  log: silentLogger,
  isReady: () => ({ ready: true, details: {} }),
  policies: {},
});
gateway.server.listen(0, '127.0.0.1');
await once(gateway.server, 'listening');

/** Its own timer comes every millisecond: what is more is a stall. */
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let cpu = process.threadCpuUsage();
parentPort!.on('message', (message: 'reset' | 'tell' | 'end') => {
  if (message === 'reset') {
    delay.reset();
    cpu = process.threadCpuUsage();
  }
  if (message === 'tell') {
    const { user, system } = process.threadCpuUsage(cpu);
    parentPort!.postMessage({ stallMs: Math.max(0, delay.max / 1e6 - 1), cpuMs: (user + system) / 1000 });
  }
  if (message === 'end') void gateway.close().then(() => parentPort!.close());
});
parentPort!.postMessage((gateway.server.address() as AddressInfo).port);
