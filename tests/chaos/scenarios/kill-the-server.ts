import { setTimeout as sleep } from 'node:timers/promises';
import { type Buyer, buyer } from '../buyers.ts';
import { onProcess, type ProcessRun } from '../process-run.ts';
import type { Findings, Run, Scenario } from '../scenario.ts';
import { endedBy, inHandsOf, openSecondWorker, SECOND, type SecondWorker, SERVER } from '../second-worker.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails', 'tok_slow'];
/** Longest time to a kill, in milliseconds: enough for a saga to begin, and for most to end. */
const LATEST_MS = 1500;
/** The victims, as a deck of cards, so that a short run does not leave one out by chance. */
const VICTIMS: readonly (readonly string[])[] = [[SERVER], [SERVER], [SECOND], [SECOND], [SERVER, SECOND]];
/**
 * Times that a killed process stays away, in milliseconds. After more than a lease, the other one takes over its sagas;
 * back at once, it resumes them itself. Buyers cannot do without the server, so it mostly is.
 */
const SERVER_AWAY_MS = [0, 0, 0, 0, 0, 0, 0, 7000];
const SECOND_AWAY_MS = [0, 500, 2000, 7000];
/** After so many faults, a takeover must have been seen. */
const MANY = 50;

export const killTheServer: Scenario = {
  name: 'kill-the-server',
  does: '`kill -9` of the server, of a second saga worker, or of both, at random moments while buyers order; each is started again.',
  long: { orders: 1000, faults: 200 },
  short: { orders: 40, faults: 3 },

  run: (run) =>
    onProcess({ PAYMENT_TIMEOUT_MS: '2000' }, async (ground) => {
      const second = await openSecondWorker(ground);
      try {
        return await killing(run, ground, second);
      } finally {
        await second.close();
      }
    }),
};

async function killing(run: Run, { shop, variantId }: ProcessRun, second: SecondWorker): Promise<Findings> {
  const { orders, faults, draw, history, say } = run;
  const answers: Promise<unknown>[] = [];
  const unsure: Buyer[] = [];
  const left: Record<string, Set<string>> = { [SERVER]: new Set(), [SECOND]: new Set() };
  const kills: Record<string, number> = { [SERVER]: 0, [SECOND]: 0 };
  let deck: (readonly string[])[] = [];
  for (let fault = 0; fault < faults; fault++) {
    // Buyers whom the last fault left without an answer retry, into the next one.
    for (const one of unsure.splice(0)) answers.push(ask(one));
    const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
    for (let n = 0; n < due; n++) answers.push(ask(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId })));
    await sleep(draw.between(0, LATEST_MS));
    if (deck.length === 0) deck = draw.shuffled(VICTIMS);
    const victims = deck.pop()!;
    await Promise.all(victims.map(kill));
    await Promise.all(answers.splice(0));
    if (victims.includes(SERVER)) {
      await sleep(draw.oneOf(SERVER_AWAY_MS));
      await shop.restart();
    }
    if (fault % 10 === 9) say(`${fault + 1} faults, ${JSON.stringify({ ...kills, ...history.counts() })}`);
  }
  await Promise.all(unsure.map((one) => one.insist()));
  const settled = await settle(shop.kysely, history.entries);
  await second.ready();
  const taken = await takenOver();
  if (faults >= MANY && Object.values(taken).includes(0))
    settled.violations.push(`one has taken over nothing of the other: ${JSON.stringify(taken)}`);
  return {
    ...settled,
    faults: `${faults} faults: ${kills[SERVER]} kills of the server, ${kills[SECOND]} of the second worker`,
    notes: `of what one left, the other ended ${taken[SERVER]} and ${taken[SECOND]} sagas`,
  };

  async function ask(one: Buyer): Promise<void> {
    if (!(await one.send())) unsure.push(one);
  }

  async function kill(victim: string): Promise<void> {
    if (victim === SERVER) await shop.process.end('SIGKILL');
    else await second.kill(draw.oneOf(SECOND_AWAY_MS));
    kills[victim]!++;
    for (const saga of await inHandsOf(shop.kysely, victim)) left[victim]!.add(saga);
  }

  /** Number of the sagas left by each that the other one ended. */
  async function takenOver(): Promise<Record<string, number>> {
    const [byServer, bySecond] = [await endedBy(shop.kysely, left[SERVER]!), await endedBy(shop.kysely, left[SECOND]!)];
    return { [SERVER]: byServer[SECOND] ?? 0, [SECOND]: bySecond[SERVER] ?? 0 };
  }
}
