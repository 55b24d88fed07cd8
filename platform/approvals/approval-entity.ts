import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';
import type { Connection } from '../graphql/connection.ts';
import type { RulePart } from '../rules/explain.ts';

/** The states of an approval. The first is the only one in which anybody votes; the last five are its ends. */
export const ApprovalStatus = {
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  EXECUTED: 'EXECUTED',
  REJECTED: 'REJECTED',
  EXPIRED: 'EXPIRED',
  CANCELLED: 'CANCELLED',
  FAILED: 'FAILED',
} as const;
/** A state of an approval. */
export type ApprovalStatus = keyof typeof ApprovalStatus;

/** The choices of a vote. */
export const VoteChoice = { APPROVE: 'APPROVE', REJECT: 'REJECT' } as const;
/** A choice of a vote. */
export type VoteChoice = keyof typeof VoteChoice;

/** A command that needs approval (approvals.sql). */
export const ApprovalSchema = defineEntity({
  name: 'Approval',
  tableName: 'approval',
  properties: {
    id: p.string().primary(),
    command: p.string(),
    input: p.json<unknown>(),
    inputHash: p.string(),
    subjectId: p.string(),
    requestedBy: p.string(),
    status: p.enum(() => ApprovalStatus),
    requestedAt: p.datetime(),
    expiresAt: p.datetime(),
    decidedAt: p.datetime().nullable(),
    outcomeId: p.string().nullable(),
    executedAt: p.datetime().nullable(),
    failureCode: p.string().nullable(),
    failure: p.string().nullable(),
    version: p.integer().version().default(1),
  },
});

/** A tier that was due (approvals.sql). */
export const ApprovalTierSchema = defineEntity({
  name: 'ApprovalTier',
  tableName: 'approval_tier',
  properties: {
    approvalId: p.string().primary(),
    tier: p.integer().primary(),
    condition: p.string(),
    explanation: p.json<readonly RulePart[]>(),
    approvers: p.string(),
    quorum: p.integer(),
    selfApproval: p.boolean(),
  },
});

/** A vote (approvals.sql). */
export const ApprovalVoteSchema = defineEntity({
  name: 'ApprovalVote',
  tableName: 'approval_vote',
  properties: {
    approvalId: p.string().primary(),
    tier: p.integer().primary(),
    voter: p.string().primary(),
    /** Whose vote it is: the voter's own, or that of a person who handed theirs over. */
    seat: p.string(),
    choice: p.enum(() => VoteChoice),
    reason: p.string().nullable(),
    votedAt: p.datetime(),
  },
});

/** A vote that was handed over (approvals.sql). */
export const ApprovalDelegationSchema = defineEntity({
  name: 'ApprovalDelegation',
  tableName: 'approval_delegation',
  properties: {
    approvalId: p.string().primary(),
    tier: p.integer().primary(),
    delegator: p.string().primary(),
    delegate: p.string(),
    delegatedAt: p.datetime(),
  },
});

/** All entities of approvals. */
export const approvalEntities = [ApprovalSchema, ApprovalTierSchema, ApprovalVoteSchema, ApprovalDelegationSchema];

/** The tables of approvals, for Kysely. */
export type ApprovalTables = TablesOf<(typeof approvalEntities)[number]>;
/** An approval as it is read. */
export type ApprovalRow = RowOf<typeof ApprovalSchema>;
/** A tier as it is read. */
export type ApprovalTierRow = RowOf<typeof ApprovalTierSchema>;
/** A vote as it is read. */
export type ApprovalVoteRow = RowOf<typeof ApprovalVoteSchema>;
/** A delegation as it is read. */
export type ApprovalDelegationRow = RowOf<typeof ApprovalDelegationSchema>;
/** A page of approvals. */
export type ApprovalConnectionRow = Connection<ApprovalRow>;
