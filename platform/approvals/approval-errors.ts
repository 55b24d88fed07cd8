import type { UserError } from '../errors.ts';
import type { ApprovalRow } from './approval-entity.ts';
import { statusAt } from './domain.ts';

/**
 * The user errors of a command that needs approval, beside the approval itself: a client that knows nothing of approvals
 * must not take silence for success. None once the command is executed.
 */
export function approvalErrors(approval: ApprovalRow, now: Date): UserError[] {
  const status = statusAt(approval, now);
  const path = ['input'];
  switch (status) {
    case 'EXECUTED':
      return [];
    case 'PENDING':
      return [{ code: 'APPROVAL_REQUIRED', message: `This needs approval, which is requested: ${approval.id}.`, path }];
    case 'APPROVED':
      return [{ code: 'APPROVAL_REQUIRED', message: `This is approved, and is being executed: ${approval.id}.`, path }];
    case 'EXPIRED':
      return [{ code: 'APPROVAL_EXPIRED', message: `Nobody decided ${approval.id} in time: ask again.`, path }];
    case 'FAILED':
      return [{ code: approval.failureCode ?? 'INVALID_STATE', message: approval.failure!, path }];
    default: {
      const message = `${approval.id} was ${status === 'REJECTED' ? 'rejected' : 'withdrawn'}.`;
      return [{ code: 'INVALID_STATE', message, path }];
    }
  }
}
