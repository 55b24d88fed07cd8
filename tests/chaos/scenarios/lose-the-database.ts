import { setTimeout as sleep } from 'node:timers/promises';
import { buyer } from '../buyers.ts';
import { healthOf, isAlive, onProcess } from '../process-run.ts';
import type { Findings, Run, Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails'];

/** PostgreSQL is killed and comes back, while buyers order, evenly spread over the time. */
function losing(
  { orders, faults, draw, history, say }: Run,
  pause: () => number,
  downFor: (fault: number) => number,
): Promise<Findings> {
  return onProcess({}, async ({ shop, variantId, postgres }) => {
    const answers: Promise<unknown>[] = [];
    let deaths = 0;
    for (let fault = 0; fault < faults; fault++) {
      const due = Math.round(((fault + 1) * orders) / faults) - Math.round((fault * orders) / faults);
      const [wait, down] = [pause(), downFor(fault)];
      const every = (wait + down) / due;
      for (let n = 0; n < due; n++) {
        const token = draw.oneOf(TOKENS);
        answers.push(sleep(n * every).then(() => buyer(shop, history, { token, variantId }).insist()));
      }
      await sleep(wait);
      postgres.kill();
      await sleep(down);
      await postgres.start();
      if (!(await isAlive(shop))) {
        deaths++;
        say(`the server did not survive it: ${shop.process.output().slice(-500)}`);
        await shop.restart();
      }
      if (fault % 10 === 9) say(`${fault + 1} losses, ${JSON.stringify(history.counts())}`);
    }
    await Promise.all(answers);
    const settled = await settle(shop.kysely, history.entries);
    if (settled.violations.length > 0) say(await healthOf(shop));
    // The server must not have to be started again for it.
    if (deaths > 0) settled.violations.push(`the server ended ${deaths} times with the database`);
    return { ...settled, faults: `${faults} losses of PostgreSQL` };
  });
}

export const loseTheDatabase: Scenario = {
  name: 'lose-the-database',
  does: '`kill -9` of PostgreSQL every 5 to 10 s, away for up to 2 s, while buyers order; the server lives on.',
  long: { orders: 2000, faults: 40 },
  short: { orders: 30, faults: 2 },
  run: (run) => {
    const isShort = run.faults < 10;
    const pause = () => (isShort ? run.draw.between(500, 2000) : run.draw.between(5000, 10_000));
    return losing(run, pause, () => run.draw.between(0, 2000));
  },
};

export const loseTheDatabaseForLong: Scenario = {
  name: 'lose-the-database-for-long',
  does: '`kill -9` of PostgreSQL, which stays away for two minutes (in the short form for fifteen seconds).',
  long: { orders: 100, faults: 1 },
  short: { orders: 10, faults: 1 },
  run: (run) =>
    losing(
      run,
      () => 3000,
      () => (run.orders >= 100 ? 120_000 : 15_000),
    ),
};
