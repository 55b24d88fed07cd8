import { setTimeout as sleep } from 'node:timers/promises';
import { admin } from '../../support/agents.ts';
import type { ClusterPlatform } from '../../support/cluster-platform.ts';
import { buyer } from '../buyers.ts';
import { follow } from '../follow.ts';
import { onCluster } from '../on-cluster.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_declined'];
/** How long gateways drain while the balancer notices, in seconds. */
const DRAIN_SECONDS = '2';
const BUYERS = 3;
const PAUSE_MS = 200;

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  does: 'Every process is restarted in order, one after the other, each agent in two of them, under load: no request fails.',
  long: { orders: 500, faults: 3 },

  run: ({ orders, faults, draw, history, say }) =>
    onCluster({ agentReplicas: 2, env: { DRAIN_SECONDS } }, async ({ shop, variantId }) => {
      const { members } = shop.cluster;
      const follower = await follow(shop);
      const reading = keepReading(shop);
      const violations: string[] = [];
      let [sent, isOver] = [0, false];
      // Each buyer waits for its answer before it orders again: as much load as the machine can bear, and no more.
      const buyers = Array.from({ length: BUYERS }, async () => {
        while (!isOver || sent < orders) {
          sent++;
          await buyer(shop, history, { token: draw.oneOf(TOKENS), variantId }).insist();
          await sleep(PAUSE_MS);
        }
      });
      for (let round = 0; round < faults; round++) {
        for (const member of members) {
          const code = await member.restart();
          if (code !== 0) violations.push(`${member.name} ended with code ${code}`);
        }
        say(`${round + 1} rounds, ${JSON.stringify(history.counts())}`);
      }
      isOver = true;
      await Promise.all(buyers);
      const { read, failures } = await reading.end();
      violations.push(...failures.slice(0, 5));
      const { failed, unanswered } = history.counts();
      if (failed + unanswered > 0) violations.push(`${failed} orders failed, ${unanswered} had no answer`);
      const settled = await settle(shop.kysely, history.entries);
      return {
        ...settled,
        violations: [...violations, ...settled.violations, ...(await follower.end())],
        faults: `${faults * members.length} restarts`,
        notes: `${read} queries answered; a follower of all orders was cut off ${follower.cuts} times`,
      };
    }),
};

const ORDERS =
  '{ orders(first: 3) { edges { node { id status lines { variant { sku product { name } } } payments { status } } } } }';

/** A client that reads data of many agents, again and again. */
function keepReading({ ask }: ClusterPlatform): { end(): Promise<{ read: number; failures: string[] }> } {
  const failures: string[] = [];
  let [read, isOver] = [0, false];
  const run = async (): Promise<void> => {
    while (!isOver) {
      const answer = await ask(ORDERS, {}, admin).catch((error: Error) => error);
      if (answer instanceof Error) failures.push(`a query had no answer: ${String(answer.cause ?? answer)}`);
      else if (answer.errors) failures.push(`a query failed: ${JSON.stringify(answer.errors[0])}`);
      else read++;
      await sleep(100);
    }
  };
  const running = run();
  return {
    async end() {
      isOver = true;
      await running;
      return { read, failures };
    },
  };
}
