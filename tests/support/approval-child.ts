/**
 * A process that approves a command of the small agent, and is killed at a place of its execution: `node approval-child.ts
 * <database url> <approval id> <place>`.
 */
import { FixedClock } from '../../platform/clock.ts';
import { as, sendNote, smallApprovals } from '../../platform/approvals/small-approvals.testing.ts';
import { dyingNote, type Place } from './dying-note.ts';
import { joinSmallAgent } from './small-agent.ts';

const [url, approvalId, place] = process.argv.slice(2) as [string, string, Place];
const { store, kysely } = await joinSmallAgent(url);
const die = (at: Place): void => {
  if (at === place) process.kill(process.pid, 'SIGKILL');
};
const clock = new FixedClock('2026-06-01T12:00:00Z');
const approvals = smallApprovals(store, clock, [dyingNote(kysely, sendNote, die)]);
await approvals.approve({ approvalId, idempotencyKey: approvalId }, as('OPERATOR_1'));
throw new Error(`it did not die: ${place}`);
