import { type Kysely, sql } from 'kysely';
import { openPlatform } from '../../support/platform.ts';
import { forSale } from '../../support/shop.ts';
import { buyer } from '../buyers.ts';
import { PLENTY } from '../process-run.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

/** A sequence counts, because it alone survives the rollback of what it counts. */
const BREAK = (times: number) => `
  create schema chaos;
  create sequence chaos.failure;
  create function chaos.fail() returns trigger language plpgsql as $$
  begin
    if new.status = 'RELEASED' and nextval('chaos.failure') <= ${times} then
      raise exception 'the undo fails, as it was told to';
    end if;
    return new;
  end $$;
  create trigger failing_undo before insert or update on inventory.reservation for each row execute function chaos.fail()`;

export const failingUndo: Scenario = {
  name: 'failing-undo',
  does: 'Releasing stock fails so many times, while orders are being undone: each undo ends once it can.',
  long: { orders: 200, faults: 600 },
  short: { orders: 8, faults: 24 },

  async run({ orders, faults, history }) {
    const shop = await openPlatform();
    try {
      const variantId = await forSale(shop, { stock: PLENTY });
      await sql.raw(BREAK(faults)).execute(shop.kysely);
      const buyers = Array.from({ length: orders }, () =>
        buyer(shop, history, { token: 'tok_capture_fails', variantId }),
      );
      await Promise.all(buyers.map((one) => one.insist()));
      const { violations, seconds } = await settle(shop.kysely, history.entries);
      const { attempts, worst } = await attemptsSeen(shop.kysely);
      // One for each failure: an operator sees them all.
      if (attempts !== faults) violations.push(`${faults} attempts failed, and ${attempts} are shown`);
      return { violations, seconds, faults: `${faults} failures`, notes: `at most ${worst} for one order` };
    } finally {
      await shop.close();
    }
  },
};

async function attemptsSeen(kysely: Kysely<any>): Promise<{ attempts: number; worst: number }> {
  const { rows } = await sql<{ attempts: number; worst: number }>`
    select coalesce(sum(attempts), 0)::int as attempts, coalesce(max(attempts), 0)::int as worst
      from orchestration.saga_attempt where step = 'undo reserve'`.execute(kysely);
  return rows[0]!;
}
