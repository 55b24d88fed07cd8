/**
 * The gateway of bench/hostile.ts, in a thread of its own: over the published graph, with agents that answer at once.
 * Tokens are verified as everywhere, with the key that it is given.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { authenticateWith } from '../gateway/identity/authenticate.ts';
import { Revocations } from '../gateway/identity/revocations.ts';
import { createGateway } from '../gateway/server.ts';
import { tokensFrom } from '../platform/identity/tokens.ts';
import { silentLogger } from '../platform/log.ts';

const supergraphSdl = readFileSync('schema/supergraph.graphql', 'utf8');
const names = [...supergraphSdl.matchAll(/@join__graph\(name: "(\w+)"/g)].map(([, name]) => name!);
const answer = async () => ({ data: { products: { nodes: [{ id: 'product_1', name: 'One' }] } } });
const endpoints = names.map((name) => ({ name, execute: answer, subscribe: answer }));

const noKey = async () => undefined;

const gateway = await createGateway({
  graph: { supergraphSdl, endpoints, scalars: () => undefined },
  authenticate: authenticateWith(tokensFrom(workerData.tokenKey), new Revocations(900), { identify: noKey }),
  log: silentLogger,
  isReady: () => ({ ready: true, details: {} }),
  policies: {},
});
gateway.server.listen(0, '127.0.0.1');
await once(gateway.server, 'listening');

/** Its own timer comes every millisecond: a longer delay is a stall. */
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
