/**
 * The decisions of an agent: its policies, and its records for the graph. A policy's verdict is recorded by
 * `recordDecision` (record.ts) in the transaction of its effect.
 */
import type { AgentContext } from '../agent/agent-context.ts';
import type { ScheduledJob } from '../agent/define-agent.ts';
import { anyOf } from '../data/any-of.ts';
import { countOf } from '../data/count.ts';
import { columnsOf } from '../data/entity-table.ts';
import { idempotencyOf } from '../data/idempotency.ts';
import { refuse } from '../errors.ts';
import { connect, type PageArgs } from '../graphql/connection.ts';
import type { RequestContext } from '../graphql/context.ts';
import { loadMany, loadOne } from '../graphql/per-request.ts';
import type { DecisionFilter, ReviewDecisionInput } from '../graphql/shared.generated.ts';
import {
  type DecisionConnectionRow,
  DecisionOutcomeSchema,
  type DecisionOutcomeRow,
  type DecisionRow,
  DecisionSchema,
  type DecisionTables,
} from './decision-entity.ts';
import { forgetOldDecisions } from './forget.ts';
import { type Policy, policiesByVersion } from './policy.ts';
import { recordReview } from './record.ts';
import { replay } from './replay.ts';

/** The most reviews of one decision. */
export const MAX_REVIEWS = 20;
/** The most outcomes that are read of one decision: there is a word for each, and a room has few. */
const MAX_OUTCOMES = 20;

/** An agent's decisions. */
export interface Decisions {
  /** Reads a page, the latest decision first. */
  page(filter: DecisionFilter, page: PageArgs): Promise<DecisionConnectionRow>;
  /** A decision by its id; null for one that is not kept any more. */
  load: ReturnType<typeof loadOne<DecisionRow>>;
  /** Records a person's view of a decision. Returns the reviewed decision. @throws Refusal NOT_FOUND, INVALID_STATE */
  review(input: ReviewDecisionInput, context: RequestContext): Promise<DecisionRow>;
  /** Resolvers of the type `Decision`: add them to the agent's resolvers. */
  resolvers: object;
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

/**
 * Creates an agent's decisions. Its definition must say `decisions: true`, which gives it their tables.
 * @param policies every version by which records are to be replayed
 * @throws Error for two policies of one name and version
 */
export function createDecisions(
  { store, clock, config }: Pick<AgentContext, 'store' | 'clock' | 'config'>,
  policies: readonly Policy[],
): Decisions {
  const versions = policiesByVersion(policies);
  const db = store.read.withTables<DecisionTables>();
  const DECISION = columnsOf(DecisionSchema);

  const load = loadOne<DecisionRow>(
    (ids) => db.selectFrom('decision').select(DECISION).where('id', '=', anyOf(ids)).execute(),
    (row) => row.id,
  );
  const outcomesOf = loadMany<DecisionOutcomeRow>(
    (ids) =>
      db
        .selectFrom('decision_outcome')
        .select(columnsOf(DecisionOutcomeSchema))
        .where('decisionId', '=', anyOf(ids))
        .orderBy('occurredAt')
        .orderBy('outcome')
        .execute(),
    (row) => row.decisionId,
  );
  const reviewsOf = loadMany<DecisionRow>(
    (ids) => db.selectFrom('decision').select(DECISION).where('reviewOf', '=', anyOf(ids)).orderBy('id').execute(),
    (row) => row.reviewOf!,
  );

  return {
    load,
    page({ subjectId }, page) {
      let some = db.selectFrom('decision').select(DECISION);
      if (subjectId != null) some = some.where('subjectId', '=', subjectId);
      return connect(some, { column: 'decidedAt', direction: 'DESC' }, page);
    },
    async review(input, context) {
      const { decisionId, choice, reason } = input;
      const key = idempotencyOf('reviewDecision', input, context);
      await store.idempotent({ ...key, locks: [decisionId] }, async (work) => {
        const reviewed = await work.find(DecisionSchema, decisionId, { path: ['input', 'decisionId'] });
        const reviews = work.sql.withTables<DecisionTables>().selectFrom('decision').where('reviewOf', '=', decisionId);
        checkReview(reviewed, choice, await countOf(reviews));
        await recordReview(work, reviewed, { choice, reason, decidedBy: context.actor.id, decidedAt: clock.now() });
        return {};
      });
      return (await load(context).load(decisionId))!;
    },
    resolvers: {
      Decision: {
        outcomes: async ({ id }: DecisionRow, _: unknown, context: RequestContext) =>
          (await outcomesOf(context).load(id)).slice(0, MAX_OUTCOMES),
        reviews: ({ id }: DecisionRow, _: unknown, context: RequestContext) => reviewsOf(context).load(id),
        replay: (decision: DecisionRow) => replay(decision, versions),
      },
    },
    scheduledJobs: [
      {
        name: 'forget decisions',
        everySeconds: 3600,
        run: (signal) => forgetOldDecisions(db, { now: clock.now(), keptDays: config.DECISION_RETENTION_DAYS, signal }),
      },
    ],
  };
}

/** @throws Refusal INVALID_STATE for a person's decision or one too many, INVALID_INPUT for another choice */
function checkReview({ source, alternatives }: DecisionRow, choice: string, reviews: number): void {
  if (source === 'HUMAN')
    throw refuse('INVALID_STATE', 'This is a person’s decision: review the one that it is about.', [
      'input',
      'decisionId',
    ]);
  if (reviews >= MAX_REVIEWS)
    throw refuse('INVALID_STATE', `It has ${MAX_REVIEWS} reviews already, the most that are kept.`, [
      'input',
      'decisionId',
    ]);
  if (!alternatives.some((one) => one.choice === choice))
    throw refuse('INVALID_INPUT', 'This was no alternative: give the `choice` of one of its `alternatives`.', [
      'input',
      'choice',
    ]);
}
