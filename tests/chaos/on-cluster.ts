/** Agora as many processes, behind what a load balancer does: a request goes to a gateway that is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOptions } from '../../bin/distributed/cluster.ts';
import { type ClusterPlatform, openCluster } from '../support/cluster-platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { forSale } from '../support/shop.ts';
import { PLENTY } from './process-run.ts';

/** What a scenario acts on. */
export interface ClusterRun {
  shop: ClusterPlatform;
  /** A variant of which there is plenty. */
  variantId: string;
}

/** How often a balancer looks which gateways are ready, in milliseconds: far more often than they drain. */
const LOOK_MS = 200;

/** Opens the shop for this piece of work, and leaves nothing behind. */
export async function onCluster<T>(
  options: Partial<ClusterOptions>,
  work: (run: ClusterRun) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster({ ...options, postgres: { fsync: 'on' } });
  const ending = new AbortController();
  const shop = { ...cluster, ask: balanced(cluster, ending.signal) };
  try {
    return await work({ shop, variantId: await forSale(shop, { stock: PLENTY }) });
  } finally {
    ending.abort();
    await cluster.close();
  }
}

/** Nobody took such a request: no other gateway can answer it twice. */
const isRefused = (error: unknown): boolean =>
  ((error as Error).cause as { code?: string } | undefined)?.code === 'ECONNREFUSED';

/** Asks the gateways in turn that said they are ready when last looked at, and another one if nobody listens there. */
function balanced({ cluster, through }: ClusterPlatform, signal: AbortSignal): TestPlatform['ask'] {
  const gateways = cluster.members.filter(({ name }) => name.startsWith('gateway'));
  let ready = gateways;
  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      const said = await Promise.all(gateways.map((one) => one.isReady()));
      ready = gateways.filter((_, n) => said[n]);
      await sleep(LOOK_MS);
    }
  };
  void look();
  let turn = 0;
  return async (query, variables, as) => {
    // With none ready, any: it will say so itself.
    const those = ready.length > 0 ? ready : gateways;
    const first = turn++;
    for (let n = 0; ; n++) {
      try {
        return await through(those[(first + n) % those.length]!.name).ask(query, variables, as);
      } catch (error) {
        if (n >= gateways.length || !isRefused(error)) throw error;
      }
    }
  };
}
