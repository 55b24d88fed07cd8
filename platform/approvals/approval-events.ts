import { z } from 'zod';
import { defineEvent, type EventDefinition } from '../events/define-event.ts';
import type { Work } from '../store/store.ts';
import type { ApprovalRow } from './approval-entity.ts';

const approval = z.object({
  approvalId: z.string(),
  command: z.string().describe('The mutation that asked for it.'),
  subjectId: z.string().describe('What the command is about: a payment, a price list.'),
  requestedBy: z.string(),
});
const requested = approval.extend({ expiresAt: z.iso.datetime() });
const decided = approval.extend({
  status: z.enum(['APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED']).describe('The status since.'),
});
const executed = approval.extend({
  status: z.enum(['EXECUTED', 'FAILED']).describe('The status since.'),
  outcomeId: z.string().nullable().describe('What the execution made; null if it failed before it made something.'),
});

/** The events of an agent's approvals, for its `emits`. */
export interface ApprovalEvents {
  readonly requested: EventDefinition<z.infer<typeof requested>>;
  readonly decided: EventDefinition<z.infer<typeof decided>>;
  readonly executed: EventDefinition<z.infer<typeof executed>>;
}

/** Declares the events of an agent's approvals: `payment.approval_requested`, `…_decided`, `…_executed`. */
export const approvalEvents = (agent: string): ApprovalEvents => ({
  requested: defineEvent(`${agent}.approval_requested`, {
    aggregate: 'approval',
    description: 'A command was asked for that needs the approval of people.',
    payload: requested,
  }),
  decided: defineEvent(`${agent}.approval_decided`, {
    aggregate: 'approval',
    description: 'A command that needs approval was approved, rejected or withdrawn, or nobody decided it in time.',
    payload: decided,
  }),
  executed: defineEvent(`${agent}.approval_executed`, {
    aggregate: 'approval',
    description: 'A command that was approved was executed, or could not be.',
    payload: executed,
  }),
});

/** Publishes what has become of an approval, in the transaction that made it true. */
export function publishApproval(work: Pick<Work, 'publish'>, events: ApprovalEvents, row: ApprovalRow): void {
  const { id: approvalId, command, subjectId, requestedBy, status, outcomeId } = row;
  const of = { aggregateId: approvalId, aggregateVersion: row.version };
  const about = { approvalId, command, subjectId, requestedBy };
  if (status === 'PENDING')
    work.publish(events.requested, { ...of, payload: { ...about, expiresAt: row.expiresAt.toISOString() } });
  else if (status === 'EXECUTED' || status === 'FAILED')
    work.publish(events.executed, { ...of, payload: { ...about, status, outcomeId } });
  else work.publish(events.decided, { ...of, payload: { ...about, status } });
}
