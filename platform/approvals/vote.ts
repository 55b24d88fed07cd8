import { idempotencyOf } from '../data/idempotency.ts';
import { refuse } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { Actor } from '../identity/actor.ts';
import { ROLES, type Role, rolesUnder } from '../identity/roles.ts';
import type { AgentContext } from '../agent/agent-context.ts';
import type { Work } from '../store/store.ts';
import {
  type ApprovalRow,
  ApprovalSchema,
  type ApprovalTables,
  ApprovalVoteSchema,
  type VoteChoice,
} from './approval-entity.ts';
import { type ApprovalEvents, publishApproval } from './approval-events.ts';
import { lockOf } from './carry-out.ts';
import { checkPending, delegableTiers, seatOf, type Standing, statusAfter, type Voter } from './domain.ts';

/** The most delegations of one request. */
const MAX_DELEGATIONS = 50;

/** The operation of delegations, under their idempotency keys. */
const DELEGATION = 'delegateApproval';

/** An id of a user, whoever issues it. */
const USER_ID = /^[\w:.-]{1,200}$/;

const ID = ['input', 'approvalId'];
const DELEGATE = ['input', 'delegateId'];

/** Who votes at all, whatever the tier. */
export interface Electorate {
  /** The scopes that the agent's mutations ask for by which people vote. */
  scopes: readonly string[];
  /** The roles of a user, asked of their owner; undefined for nobody. */
  rolesOf(userId: string, within: RequestContext): Promise<readonly Role[] | undefined>;
}

/** The fields that the inputs of all commands on approvals have. */
export interface OnApproval {
  approvalId: string;
  idempotencyKey: string;
}

/** The caller as a voter. @throws Refusal NOT_AN_APPROVER for a machine: an approval is a person's */
function voterOf(actor: Actor): Voter {
  if (actor.apiKeyId !== undefined || actor.roles.has('SERVICE'))
    throw refuse('NOT_AN_APPROVER', 'An approval is a person’s: sign in, and use no API key.', ID);
  return {
    id: actor.id,
    belongsTo: (approvers) => (isRole(approvers) ? hasRole(actor, approvers) : actor.may(approvers)),
  };
}

const isRole = (text: string): text is Role => ROLES.some((role) => role === text);
const hasRole = (actor: Actor, role: Role): boolean => [...actor.roles].some((own) => rolesUnder(own).includes(role));

/** Creates the commands by which people decide an agent's approvals. Each returns the id of the approval. */
export function voting(
  { store, clock }: Pick<AgentContext, 'store' | 'clock'>,
  { events, electorate }: { events: ApprovalEvents; electorate: Electorate },
) {
  /** Runs work on one approval once for an idempotency key, under the approval's lock. */
  const once = (
    operation: string,
    input: OnApproval,
    context: RequestContext,
    decide: (work: Work<ApprovalTables>, row: ApprovalRow) => Promise<void>,
  ): Promise<{ approvalId: string }> => {
    const { approvalId } = input;
    const key = idempotencyOf(operation, input, context);
    return store.idempotent({ ...key, locks: [lockOf(approvalId)] }, async (work) => {
      await decide(work as Work, await work.find(ApprovalSchema, approvalId, { path: ID }));
      return { approvalId };
    });
  };

  const vote =
    (operation: string, choice: VoteChoice) =>
    (input: OnApproval & { reason?: string | null }, context: RequestContext) =>
      once(operation, input, context, async (work, row) => {
        const standing = await standingOf(work, row);
        const now = clock.now();
        const seat = seatOf(standing, voterOf(context.actor), now);
        const given = { approvalId: row.id, ...seat, voter: context.actor.id, choice };
        await work.insert(ApprovalVoteSchema, { ...given, reason: input.reason ?? null, votedAt: now });
        const status = statusAfter(standing, given);
        const decidedAt = status === 'PENDING' ? null : now;
        // Also a vote that decides nothing yet counts up the version, which readers of the approval compare.
        const saved = await work.save(ApprovalSchema, row, { status, decidedAt });
        if (status !== 'PENDING') publishApproval(work, events, saved);
      });

  /** Checks that a person could give a vote now. Whether they may when they do is judged then, by their roles of then. */
  const checkDelegate = async (id: string, context: RequestContext): Promise<void> => {
    const roles = await electorate.rolesOf(id, context);
    const delegate = new Actor({ id, roles: roles ?? [] });
    if (!electorate.scopes.every((scope) => delegate.may(scope)))
      throw refuse(
        'NOT_AN_APPROVER',
        `That is nobody who may vote here: hand your vote to a person with ${electorate.scopes.join(' and ')}.`,
        DELEGATE,
      );
  };

  return {
    /** @throws Refusal NOT_FOUND, NOT_AN_APPROVER, OWN_REQUEST, APPROVAL_EXPIRED, INVALID_STATE */
    approve: vote('approveCommand', 'APPROVE'),

    /** @throws Refusal NOT_FOUND, NOT_AN_APPROVER, OWN_REQUEST, APPROVAL_EXPIRED, INVALID_STATE */
    reject: vote('rejectCommand', 'REJECT'),

    /** Withdraws the caller's own request. @throws Refusal NOT_FOUND, NOT_REQUESTER, APPROVAL_EXPIRED, INVALID_STATE */
    withdraw: (input: OnApproval, context: RequestContext) =>
      once('withdrawCommand', input, context, async (work, row) => {
        if (row.requestedBy !== context.actor.id)
          throw refuse(
            'NOT_REQUESTER',
            'Another person asked for this command: they alone withdraw it. Reject it instead.',
            ID,
          );
        const now = clock.now();
        checkPending(row, now);
        const saved = await work.save(ApprovalSchema, row, { status: 'CANCELLED', decidedAt: now });
        publishApproval(work, events, saved);
      }),

    /**
     * Hands the caller's vote to another person, for this request. Handed over anew, it goes to the new person; it comes
     * back when the caller votes first.
     * @throws Refusal NOT_FOUND, NOT_AN_APPROVER, OWN_REQUEST, INVALID_INPUT, APPROVAL_EXPIRED, INVALID_STATE
     */
    delegate: async (input: OnApproval & { delegateId: string }, context: RequestContext) => {
      const voter = voterOf(context.actor);
      const { delegateId: delegate } = input;
      if (!USER_ID.test(delegate))
        throw refuse('INVALID_INPUT', 'This is no user’s id: give it as it stands in `user_…`.', DELEGATE);
      // A repetition is answered as the first request was, whatever the delegate's roles are now.
      if (!(await store.earlierOutcome(idempotencyOf(DELEGATION, input, context))))
        await checkDelegate(delegate, context);
      return once(DELEGATION, input, context, async (work, row) => {
        const standing = await standingOf(work, row);
        const { id: approvalId } = row;
        const { id: delegator } = context.actor;
        const delegatedAt = clock.now();
        const tiers = delegableTiers(standing, voter, delegate, delegatedAt);
        if (standing.delegations.length + tiers.length > MAX_DELEGATIONS)
          throw refuse('INVALID_STATE', 'Too many votes on this request were handed over: vote yourself.', ID);
        const rows = tiers.map((tier) => ({ approvalId, tier, delegator, delegate, delegatedAt }));
        await work.sql
          .insertInto('approval_delegation')
          .values(rows)
          .onConflict((on) => on.columns(['approvalId', 'tier', 'delegator']).doUpdateSet({ delegate, delegatedAt }))
          .execute();
        await work.save(ApprovalSchema, row, {});
      });
    },
  };
}

/** All that voting depends on, read under the approval's lock. */
async function standingOf({ sql }: Work<ApprovalTables>, approval: ApprovalRow): Promise<Standing> {
  const { id } = approval;
  const tiers = await sql
    .selectFrom('approval_tier')
    .select(['tier', 'approvers', 'quorum', 'selfApproval'])
    .where('approvalId', '=', id)
    .orderBy('tier')
    .execute();
  const votes = await sql
    .selectFrom('approval_vote')
    .select(['tier', 'voter', 'seat', 'choice'])
    .where('approvalId', '=', id)
    .execute();
  const delegations = await sql
    .selectFrom('approval_delegation')
    .select(['tier', 'delegator', 'delegate'])
    .where('approvalId', '=', id)
    .orderBy('delegatedAt')
    .orderBy('delegator')
    .execute();
  return { approval, tiers, votes, delegations };
}
