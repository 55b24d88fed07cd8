/** The rules of voting. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../errors.ts';
import type {
  ApprovalDelegationRow,
  ApprovalRow,
  ApprovalStatus,
  ApprovalTierRow,
  ApprovalVoteRow,
} from './approval-entity.ts';

/** An approval with all that voting depends on. */
export interface Standing {
  approval: Pick<ApprovalRow, 'status' | 'requestedBy' | 'expiresAt'>;
  /** The tiers that were due, in their order. */
  tiers: readonly Pick<ApprovalTierRow, 'tier' | 'approvers' | 'quorum' | 'selfApproval'>[];
  votes: readonly Pick<ApprovalVoteRow, 'tier' | 'voter' | 'seat' | 'choice'>[];
  delegations: readonly Pick<ApprovalDelegationRow, 'tier' | 'delegator' | 'delegate'>[];
}

/** A person who wants to vote. */
export interface Voter {
  id: string;
  /** Whether the person may approve for this role or scope. */
  belongsTo(approvers: string): boolean;
}

type Tier = Standing['tiers'][number];

const ID = ['input', 'approvalId'];

/** The people who have approved in a tier. A person votes once in a tier, and for one seat, so votes are people. */
export const approvalsIn = ({ votes }: Pick<Standing, 'votes'>, { tier }: Pick<Tier, 'tier'>): number =>
  votes.filter((vote) => vote.tier === tier && vote.choice === 'APPROVE').length;

/** The first tier without its quorum, which is the one that is voted on; undefined if each has it. */
export const openTier = (standing: Standing): Tier | undefined =>
  standing.tiers.find((tier) => approvalsIn(standing, tier) < tier.quorum);

/** The status now: a request that nobody has decided in time is expired, whether or not that is recorded yet. */
export const statusAt = (
  { status, expiresAt }: Pick<ApprovalRow, 'status' | 'expiresAt'>,
  now: Date,
): ApprovalStatus => (status === 'PENDING' && expiresAt <= now ? 'EXPIRED' : status);

/** @throws Refusal APPROVAL_EXPIRED, INVALID_STATE for a request that is not pending */
export function checkPending(approval: Pick<ApprovalRow, 'status' | 'expiresAt'>, now: Date): void {
  const status = statusAt(approval, now);
  if (status === 'EXPIRED')
    throw refuse('APPROVAL_EXPIRED', 'Nobody decided this request in time: ask for the command again.', ID);
  if (status !== 'PENDING') throw refuse('INVALID_STATE', `${STATES[status]}: there is nothing left to decide.`, ID);
}

const STATES: Record<Exclude<ApprovalStatus, 'PENDING' | 'EXPIRED'>, string> = {
  APPROVED: 'This request is approved, and its command is being executed',
  EXECUTED: 'This request was approved, and its command was executed',
  REJECTED: 'This request was rejected',
  CANCELLED: 'This request was withdrawn',
  FAILED: 'This request was approved, and its command could not be executed',
};

/** A vote that is about to be recorded. */
export interface Seat {
  tier: number;
  /** Whose vote it is: the voter's own, or that of a person who handed theirs over. */
  seat: string;
}

/**
 * The tier and the seat for which a person votes now.
 * @throws Refusal APPROVAL_EXPIRED, INVALID_STATE, OWN_REQUEST, NOT_AN_APPROVER
 */
export function seatOf(standing: Standing, voter: Voter, now: Date): Seat {
  checkPending(standing.approval, now);
  const open = openTier(standing);
  // A pending request has an open tier: the vote that closes the last one approves it.
  if (!open) throw refuse('INVALID_STATE', 'This request has all approvals that it needs.', ID);
  const { tier } = open;
  checkNotOwn(standing, open, voter.id);
  const inTier = standing.votes.filter((vote) => vote.tier === tier);
  if (inTier.some((vote) => vote.voter === voter.id))
    throw refuse('INVALID_STATE', 'You have voted in this tier already: another person must.', ID);
  const isFree = (seat: string): boolean => inTier.every((vote) => vote.seat !== seat);
  if (voter.belongsTo(open.approvers)) {
    if (isFree(voter.id)) return { tier, seat: voter.id };
    throw refuse('INVALID_STATE', 'The person whom you handed your vote to has voted for you.', ID);
  }
  const given = standing.delegations.filter((one) => one.tier === tier && one.delegate === voter.id);
  const seat = given.map(({ delegator }) => delegator).find(isFree);
  if (seat !== undefined) return { tier, seat };
  if (given.length > 0) throw refuse('INVALID_STATE', 'The person who handed you their vote has voted already.', ID);
  throw refuse(
    'NOT_AN_APPROVER',
    `Tier ${tier} of this request is for ${open.approvers}: ask one of them to vote, or to hand their vote to you.`,
    ID,
  );
}

/** @throws Refusal OWN_REQUEST */
function checkNotOwn({ approval }: Standing, { selfApproval }: Tier, person: string): void {
  if (approval.requestedBy === person && !selfApproval)
    throw refuse('OWN_REQUEST', 'This is your own request: another person must decide it.', ID);
}

/**
 * The tiers, of those that are still open, in which a person hands their vote to another.
 * @throws Refusal APPROVAL_EXPIRED, INVALID_STATE, INVALID_INPUT, OWN_REQUEST, NOT_AN_APPROVER
 */
export function delegableTiers(standing: Standing, from: Voter, to: string, now: Date): number[] {
  checkPending(standing.approval, now);
  if (from.id === to) throw refuse('INVALID_INPUT', 'Hand your vote to another person.', ['input', 'delegateId']);
  const { requestedBy } = standing.approval;
  const open = standing.tiers.filter((tier) => approvalsIn(standing, tier) < tier.quorum);
  const theirs = open.filter(({ approvers }) => from.belongsTo(approvers));
  if (theirs.length === 0)
    throw refuse(
      'NOT_AN_APPROVER',
      'You may not vote in any tier that is still open: there is no vote to hand over.',
      ID,
    );
  const mayVote = theirs.filter(({ selfApproval }) => selfApproval || (requestedBy !== from.id && requestedBy !== to));
  if (mayVote.length === 0 && requestedBy === from.id)
    throw refuse('OWN_REQUEST', 'This is your own request: you have no vote to hand over.', ID);
  if (mayVote.length === 0)
    throw refuse('OWN_REQUEST', 'That person has asked for this command, and may not decide it.', [
      'input',
      'delegateId',
    ]);
  const unused = mayVote.filter(({ tier }) =>
    standing.votes.every((vote) => vote.tier !== tier || (vote.seat !== from.id && vote.voter !== from.id)),
  );
  if (unused.length === 0) throw refuse('INVALID_STATE', 'You have voted already.', ID);
  return unused.map(({ tier }) => tier);
}

/** The status after a vote in the open tier: one rejection rejects, and the last quorum approves. */
export function statusAfter(standing: Standing, vote: Standing['votes'][number]): ApprovalStatus {
  if (vote.choice === 'REJECT') return 'REJECTED';
  return openTier({ ...standing, votes: [...standing.votes, vote] }) ? 'PENDING' : 'APPROVED';
}
