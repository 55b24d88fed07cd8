/**
 * A process that approves a refund, and is killed at a place of its execution: `node refund-child.testing.ts <database url>
 * <approval id> <place> <time>`.
 */
import { kyselyOver } from '../../../db/kysely.ts';
import { createApprovals } from '../../../platform/approvals/approvals.ts';
import { FixedClock } from '../../../platform/clock.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { silentLogger } from '../../../platform/log.ts';
import { Breakers } from '../../../platform/resilience/breakers.ts';
import { createStore } from '../../../platform/store/store.ts';
import { actor } from '../../../tests/support/actors.ts';
import { testPool } from '../../../tests/support/test-pool.ts';
import type { Tables } from '../entities.ts';
import { approvals as events } from '../events.ts';
import { guard } from '../provider/guard.ts';
import { Simulator } from '../provider/simulator.ts';
import { refundService } from '../refund.ts';

const [url, approvalId, place, now] = process.argv.slice(2) as [string, string, string, string];
const die = (at: string): void => {
  if (at === place) process.kill(process.pid, 'SIGKILL');
};
const kysely = kyselyOver(testPool({ url, max: 4, name: 'agora test child' }));
const clock = new FixedClock(now);
const simulator = new Simulator({ db: kysely.withSchema('payment'), clock, actionSeconds: 600, slowMs: 1 });
const guarded = guard(simulator, { timeoutMs: 60_000, guards: new Breakers().of('payment') });
const provider: typeof guarded = {
  ...guarded,
  async refund(...request) {
    const answer = await guarded.refund(...request);
    die('after the provider');
    return answer;
  },
};
const store = createStore<Tables>({ agent: 'payment', kysely, notifier: new LogNotifier() });
const config = { PAYMENT_TIME_ZONE: 'UTC' };
const { command } = refundService({ store, clock, config } as never, provider);
const dying: typeof command = {
  ...command,
  locks(input) {
    die('approved');
    return command.locks(input);
  },
};
const approvals = createApprovals(
  { store, clock, log: silentLogger },
  { events, commands: [dying], electorate: { scopes: [], rolesOf: async () => [] } },
);
const context = { actor: actor({ roles: ['OPERATOR'] }), correlationId: 'kill' };
await approvals.approve({ approvalId, idempotencyKey: approvalId }, context);
throw new Error(`it did not die: ${place}`);
