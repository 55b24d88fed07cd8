/**
 * `npm run bench -- orders`, `npm run bench -- wakings`; without a name, all benchmarks. On a machine that does nothing
 * else.
 */
import { parseArgs } from 'node:util';
import { commit, machine } from '../tests/support/machine.ts';
import { constants } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../db/embedded-postgres.ts';
import { endAll, temporaryData } from '../tests/support/agora-process.ts';
import { costs } from './costs.ts';
import { events } from './events.ts';
import { federation } from './federation/embedded.ts';
import { gate } from './federation/gate.ts';
import { federationPeers } from './federation/peers.ts';
import { hostile } from './hostile.ts';
import { fanOut } from './fan-out.ts';
import { progress } from './figures.ts';
import { latency } from './latency.ts';
import { ledger } from './ledger.ts';
import { orders } from './orders.ts';
import { profile } from './profile.ts';
import { wakings } from './wakings.ts';

/** Size of a measurement. */
export interface Size {
  /** Orders in each round. */
  orders: number;
  concurrency: number;
  rounds: number;
  /** Duration of an open load. */
  seconds: number;
  events: number;
  subscribers: number;
}

const BENCHES: Readonly<Record<string, (size: Size) => Promise<void>>> = {
  orders,
  hostile,
  latency,
  costs,
  events,
  ledger,
  wakings,
  profile,
  federation,
  'federation-peers': federationPeers,
  gate,
  'fan-out': fanOut,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    orders: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '30' },
    events: { type: 'string', default: '20000' },
    subscribers: { type: 'string', default: '10000' },
  },
});
const size = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])) as never as Size;
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
const unknown = names.find((name) => !BENCHES[name]);
if (unknown) {
  console.error(`There is no bench ${unknown}: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    console.error('The bench is stopping.');
    void endAll().finally(() => process.exit(128 + constants.signals[signal]));
  });
// For benchmarks that run agents in this process: a server as durable as any, unlike the tests' server.
const folder = temporaryData();
const server = await startEmbeddedPostgres({
  dataDir: join(folder.data, 'postgres'),
  log: () => {},
  endsWithUs: true,
});
Object.assign(process.env, { AGORA_TEST_URL: server.url, AGORA_TEST_ADMIN_URL: server.adminUrl });
try {
  console.log(`${machine()}, ${commit()}\n`);
  for (const [n, name] of names.entries()) {
    progress(`${name} (${n + 1} of ${names.length})`);
    await BENCHES[name]!(size);
  }
} finally {
  await server.stop();
  await folder.remove();
}
