/**
 * Live updates to many subscribers: one gateway in one process, its subscribers in another. First the same subscribers
 * with a group each, as if no two asked for the same, and in one group, in turns; then the full number; then many that
 * come and go.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './fan-out/child.ts';
import type { Command, Taken } from './fan-out/clients.ts';
import type { GatewayState } from './fan-out/gateway.ts';
import { median, quantile, table } from './figures.ts';
import type { Size } from './run.ts';

/** Events a second. */
const A_SECOND = 5;
/** Subscribers of the comparison: few enough that those with groups of their own keep up. */
const COMPARED = 300;
const COMPARED_SECONDS = 6;
const CHURN = 100_000;
const CHURN_SOCKETS = 100;

/** Measures, and prints tables. */
export async function fanOut({ subscribers, seconds, rounds }: Size): Promise<void> {
  await compare(rounds);
  await many(subscribers, seconds);
  await churn();
}

/** Both processes, with their commands. */
class Bed {
  readonly #gateway: Child;
  readonly #clients: Child;
  readonly #port: number;

  private constructor(gateway: Child, clients: Child, port: number) {
    this.#gateway = gateway;
    this.#clients = clients;
    this.#port = port;
  }

  static async open(): Promise<Bed> {
    const gateway = await Child.start<number>(`${import.meta.dirname}/fan-out/gateway.ts`);
    const clients = await Child.start(`${import.meta.dirname}/fan-out/clients.ts`);
    return new Bed(gateway.child, clients.child, gateway.first);
  }

  client = <T = unknown>(command: Command): Promise<T> => this.#clients.ask<T>(command);
  state = (): Promise<GatewayState> => this.#gateway.ask<GatewayState>({ what: 'state' });

  async subscribe(count: number, isAlone = false): Promise<void> {
    await this.client({ what: 'open', port: this.#port, count, isAlone });
    await this.until((state) => state.subscribers === count);
  }

  async until(holds: (state: GatewayState) => boolean): Promise<void> {
    const end = Date.now() + 60_000;
    while (!holds(await this.state())) {
      if (Date.now() > end) throw new Error('The gateway did not come that far within a minute.');
      await sleep(100);
    }
  }

  /** Emits events for so many seconds, to so many subscribers. */
  async load(seconds: number, count: number): Promise<Load> {
    await this.client({ what: 'take' });
    const [before, events] = [await this.state(), seconds * A_SECOND];
    const clientsBefore = (await this.client<Taken>({ what: 'take' })).cpu;
    const begun = performance.now();
    for (let n = 0; n < events; n++) {
      const due = begun + (n * 1000) / A_SECOND;
      await sleep(Math.max(0, due - performance.now()));
      // Measured from the time when it was due, so that a gateway that is behind cannot hide it.
      await this.#gateway.ask({ what: 'emit', at: performance.timeOrigin + due });
    }
    const { delays, cpu, closed } = await this.#rest(events * count);
    const after = await this.state();
    const tookMs = performance.now() - begun;
    return {
      delays,
      closed,
      tookMs,
      due: events * count,
      cpu: after.cpu - before.cpu,
      clientsCpu: cpu - clientsBefore,
    };
  }

  /** The messages received, once all have come, or none comes for a while. */
  async #rest(due: number): Promise<Taken> {
    const delays: number[] = [];
    for (;;) {
      const taken = await this.client<Taken>({ what: 'take' });
      for (const delay of taken.delays) delays.push(delay);
      if (delays.length >= due || taken.delays.length === 0) return { ...taken, delays };
      await sleep(1000);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#clients.stop(), this.#gateway.stop()]);
  }
}

interface Load {
  delays: number[];
  /** Number of messages that should have come. */
  due: number;
  closed: number;
  tookMs: number;
  /** CPU of the gateway and of the subscribers, in milliseconds. */
  cpu: number;
  clientsCpu: number;
}

async function compare(rounds: number): Promise<void> {
  const costs: Record<'alone' | 'grouped', number[]> = { alone: [], grouped: [] };
  for (let round = 0; round < rounds; round++) {
    for (const how of ['alone', 'grouped'] as const) {
      const bed = await Bed.open();
      try {
        await bed.subscribe(COMPARED, how === 'alone');
        await bed.load(1, COMPARED);
        const { cpu, delays } = await bed.load(COMPARED_SECONDS, COMPARED);
        costs[how].push((cpu * 1000) / delays.length);
      } finally {
        await bed.close();
      }
    }
  }
  const ratio = median(costs.alone) / median(costs.grouped);
  const rows = (['alone', 'grouped'] as const).map((how) => [
    how,
    median(costs[how]).toFixed(1),
    costs[how].map((cost) => cost.toFixed(1)).join(', '),
  ]);
  const title = `${COMPARED} subscribers, ${A_SECOND} events a second: the gateway's CPU for each message`;
  table(title, ['groups', 'µs (median)', 'rounds'], rows);
  console.log(`Alone costs ${ratio.toFixed(1)} times what grouped costs.\n`);
}

async function many(count: number, seconds: number): Promise<void> {
  const bed = await Bed.open();
  try {
    await bed.subscribe(1);
    await bed.load(1, 1);
    await bed.client({ what: 'close' });
    await bed.until(({ subscribers }) => subscribers === 0);
    const empty = await bed.state();
    const begun = performance.now();
    await bed.subscribe(count);
    const connected = performance.now() - begun;
    const full = await bed.state();
    const load = await bed.load(seconds, count);
    const loaded = await bed.state();
    const kilobytes = (key: 'rss' | 'heap', state: GatewayState) =>
      ((state[key] - empty[key]) / count / 1024).toFixed(1);
    const ms = (share: number) => quantile(load.delays, share).toFixed(0);
    table(
      `${count} subscribers in one group, ${A_SECOND} events a second for ${seconds} s`,
      ['what', 'figure'],
      [
        ['delivered', `${load.delays.length} of ${load.due}`],
        ['closed by the gateway', String(load.closed - 1)],
        ['p50, p95, p99, max (ms)', [0.5, 0.95, 0.99, 1].map(ms).join(', ')],
        ['connected and subscribed within (s)', (connected / 1000).toFixed(1)],
        ['KB of heap for each connection', kilobytes('heap', full)],
        ['KB of memory (RSS) for each connection', `${kilobytes('rss', full)}; under load ${kilobytes('rss', loaded)}`],
        ['CPU for each message, gateway (µs)', ((load.cpu * 1000) / load.delays.length).toFixed(1)],
        ['CPU for each message, clients (µs)', ((load.clientsCpu * 1000) / load.delays.length).toFixed(1)],
        ['cores busy, gateway', (load.cpu / load.tookMs).toFixed(2)],
      ],
    );
  } finally {
    await bed.close();
  }
}

async function churn(): Promise<void> {
  const bed = await Bed.open();
  try {
    await bed.subscribe(CHURN_SOCKETS);
    const rows: string[][] = [];
    for (const times of [CHURN / 10, CHURN / 2, CHURN / 2]) {
      await bed.client({ what: 'churn', times });
      await bed.until(({ subscribers }) => subscribers === CHURN_SOCKETS);
      const { heap, rss, groups } = await bed.state();
      rows.push([String(times), (heap / 1024).toFixed(0), (rss / 1024 / 1024).toFixed(0), String(groups)]);
    }
    table(
      `Subscribe and unsubscribe, over ${CHURN_SOCKETS} sockets that stay subscribed`,
      ['times, after those before', 'KB of heap after a collection', 'MB of memory', 'groups left'],
      rows,
    );
  } finally {
    await bed.close();
  }
}
