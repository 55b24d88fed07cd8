import { type ApprovalPolicy, parseApprovalPolicy } from '../../../platform/approvals/policy.ts';
import { defineRules } from '../../../platform/rules/define-rules.ts';

/** What is known of a refund by the conditions of `PAYMENT_REFUND_APPROVAL`. */
export const refundRules = defineRules({
  amountMinor: { type: 'int', description: 'The amount to give back, in minor units of `currency`.' },
  currency: { type: 'string', description: 'The currency of the payment, by its ISO 4217 code.' },
  totalMinor: {
    type: 'int',
    description:
      'All that is given back of the payment with this refund, in minor units: earlier ones, and those that wait for approval, included.',
  },
  capturedMinor: { type: 'int', description: 'What was captured of the payment, in minor units.' },
  roles: { type: 'list<string>', description: 'The roles of who asks; none for an API key.' },
});

/** The policy of refunds. */
export type RefundPolicy = ApprovalPolicy<(typeof refundRules)['facts']>;

/** Reads the policy of refunds. @throws Error whose message says which tier is wrong, and how */
export const parseRefundPolicy = (text: string): RefundPolicy => parseApprovalPolicy(text, refundRules);
