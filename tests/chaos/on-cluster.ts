/** Agora as many processes, behind a load balancer's work: a request goes to a gateway that is ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOptions } from '../../bin/distributed/cluster.ts';
import { type ClusterPlatform, openCluster } from '../support/cluster-platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { forSale } from '../support/shop.ts';
import { PLENTY } from './process-run.ts';

/** The parts that a scenario acts on. */
export interface ClusterRun {
  shop: ClusterPlatform;
  /** A variant with plenty of stock. */
  variantId: string;
}

/** How often the balancer checks the readiness of gateways, in milliseconds: far more often than they drain. */
const LOOK_MS = 200;

/** Opens the shop for this work, and leaves nothing behind. */
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

/** Whether no gateway accepted the request, so that another cannot answer it twice. */
const isRefused = (error: unknown): boolean =>
  ((error as Error).cause as { code?: string } | undefined)?.code === 'ECONNREFUSED';

/**
 * Sends requests to the gateways in turn that were ready at the last check, and to the next one if nothing listens
 * there.
 */
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
    // With none ready, any gateway: it will refuse by itself.
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
