/**
 * Approvals: commands that are executed once people have approved them. An agent requests one in place of executing a
 * command (request.ts, by the tiers of policy.ts); people decide it (vote.ts); it is then executed once (carry-out.ts).
 */
import type { AgentContext } from '../agent/agent-context.ts';
import type { ScheduledJob } from '../agent/define-agent.ts';
import { anyOf } from '../data/any-of.ts';
import { columnsOf } from '../data/entity-table.ts';
import { connect, type PageArgs } from '../graphql/connection.ts';
import type { RequestContext } from '../graphql/context.ts';
import { loadMany, loadOne } from '../graphql/per-request.ts';
import type {
  ApprovalFilter,
  ApproveCommandInput,
  DelegateApprovalInput,
  RejectCommandInput,
  WithdrawCommandInput,
} from '../graphql/shared.generated.ts';
import {
  type ApprovalConnectionRow,
  type ApprovalDelegationRow,
  ApprovalDelegationSchema,
  type ApprovalRow,
  ApprovalSchema,
  type ApprovalTables,
  type ApprovalTierRow,
  ApprovalTierSchema,
  type ApprovalVoteRow,
  ApprovalVoteSchema,
} from './approval-entity.ts';
import { type Execution, executor } from './carry-out.ts';
import { statusAt } from './domain.ts';
import { type Electorate, voting } from './vote.ts';

/** An agent's approvals. The commands answer with the approval as it is then. */
export interface Approvals {
  /** Reads a page, the latest request first. */
  page(filter: ApprovalFilter, page: PageArgs): Promise<ApprovalConnectionRow>;
  /** An approval by its id; null for none. */
  load: ReturnType<typeof loadOne<ApprovalRow>>;
  /** Approves in the open tier; with the last approval that is needed the command is executed. */
  approve(input: ApproveCommandInput, context: RequestContext): Promise<ApprovalRow>;
  /** Rejects the command. */
  reject(input: RejectCommandInput, context: RequestContext): Promise<ApprovalRow>;
  /** Withdraws the caller's own request. */
  withdraw(input: WithdrawCommandInput, context: RequestContext): Promise<ApprovalRow>;
  /** Hands the caller's vote to another person. */
  delegate(input: DelegateApprovalInput, context: RequestContext): Promise<ApprovalRow>;
  /** Resolvers of the types `Approval` and `ApprovalTier`: add them to the agent's resolvers. */
  resolvers: object;
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

/**
 * Creates an agent's approvals. Its definition must say `approvals: true`, which gives it their tables, and name the
 * events among those that it emits.
 */
export function createApprovals(
  agentContext: Pick<AgentContext, 'store' | 'clock' | 'log'>,
  { electorate, ...execution }: Execution & { electorate: Electorate },
): Approvals {
  const { store, clock, log } = agentContext;
  const db = store.read.withTables<ApprovalTables>();
  const { carryOut, carryOutAbandoned, expireDue } = executor(agentContext, execution);
  const { approve, reject, withdraw, delegate } = voting(agentContext, { events: execution.events, electorate });

  const load = loadOne<ApprovalRow>(
    (ids) => db.selectFrom('approval').select(columnsOf(ApprovalSchema)).where('id', '=', anyOf(ids)).execute(),
    (row) => row.id,
  );
  const ofApproval = <Row extends { approvalId: string }>(read: (ids: readonly string[]) => Promise<Row[]>) =>
    loadMany<Row>(read, (row) => row.approvalId);
  const tiersOf = ofApproval<ApprovalTierRow>((ids) =>
    db
      .selectFrom('approval_tier')
      .select(columnsOf(ApprovalTierSchema))
      .where('approvalId', '=', anyOf(ids))
      .orderBy('tier')
      .execute(),
  );
  const votesOf = ofApproval<ApprovalVoteRow>((ids) =>
    db
      .selectFrom('approval_vote')
      .select(columnsOf(ApprovalVoteSchema))
      .where('approvalId', '=', anyOf(ids))
      .orderBy('votedAt')
      .orderBy('voter')
      .execute(),
  );
  const delegationsOf = ofApproval<ApprovalDelegationRow>((ids) =>
    db
      .selectFrom('approval_delegation')
      .select(columnsOf(ApprovalDelegationSchema))
      .where('approvalId', '=', anyOf(ids))
      .orderBy('delegatedAt')
      .orderBy('delegator')
      .execute(),
  );

  /** The approval after a command on it, freshly read. */
  const answering =
    <Input>(act: (input: Input, context: RequestContext) => Promise<{ approvalId: string }>) =>
    async (input: Input, context: RequestContext): Promise<ApprovalRow> => {
      const { approvalId } = await act(input, context);
      return (await load(context).load(approvalId))!;
    };

  return {
    load,
    page({ status, subjectId, command, requestedBy }, page) {
      let some = db.selectFrom('approval').select(columnsOf(ApprovalSchema));
      if (status != null) some = some.where('status', '=', status);
      if (subjectId != null) some = some.where('subjectId', '=', subjectId);
      if (command != null) some = some.where('command', '=', command);
      if (requestedBy != null) some = some.where('requestedBy', '=', requestedBy);
      return connect(some, { column: 'requestedAt', direction: 'DESC' }, page);
    },
    approve: answering(async (input: ApproveCommandInput, context) => {
      const voted = await approve(input, context);
      // The vote counts whatever becomes of the execution, which the scheduled job goes on with.
      await carryOut(voted.approvalId, context).catch((error: unknown) =>
        log.warn({ err: error, approval: voted.approvalId }, 'approved command not executed, and will be tried again'),
      );
      return voted;
    }),
    reject: answering(reject),
    withdraw: answering(withdraw),
    delegate: answering(delegate),
    resolvers: {
      Approval: {
        status: (row: ApprovalRow) => statusAt(row, clock.now()),
        tiers: ({ id }: ApprovalRow, _: unknown, context: RequestContext) => tiersOf(context).load(id),
      },
      ApprovalTier: {
        votes: async ({ approvalId, tier }: ApprovalTierRow, _: unknown, context: RequestContext) =>
          (await votesOf(context).load(approvalId)).filter((vote) => vote.tier === tier),
        delegations: async ({ approvalId, tier }: ApprovalTierRow, _: unknown, context: RequestContext) =>
          (await delegationsOf(context).load(approvalId)).filter((one) => one.tier === tier),
      },
    },
    scheduledJobs: [
      { name: 'execute approved commands', everySeconds: 30, run: carryOutAbandoned },
      { name: 'expire approvals', everySeconds: 60, run: expireDue },
    ],
  };
}
