import { sql } from 'kysely';
import { countOf } from '../data/count.ts';
import { refuse } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Work } from '../store/store.ts';
import { ApprovalSchema, ApprovalTierSchema, type ApprovalTables } from './approval-entity.ts';
import { type ApprovalEvents, publishApproval } from './approval-events.ts';
import { type ApprovableCommand, commandHash } from './command.ts';
import type { DueTier } from './policy.ts';

/** The most requests about one thing that wait at once. */
export const MAX_PENDING = 20;
/** The longest command, as JSON in UTF-16 code units. */
export const MAX_INPUT = 65_536;

/** A request for approval. */
export interface NewApproval<Input> {
  command: ApprovableCommand<Input>;
  /** All that the command will do, as JSON. */
  input: Input;
  /** The id of what it is about. */
  subjectId: string;
  /** The tiers that are due (policy.ts): at least one. */
  tiers: readonly DueTier[];
  /** The id of the actor who asks. */
  requestedBy: string;
  requestedAt: Date;
  /** How long it waits to be decided. */
  expiresAfterHours: number;
}

/**
 * Requests approval of a command in place of executing it: call it under the command's own idempotency key, so that a
 * repetition answers with the same request, and under a lock of the subject.
 * @returns the id of the approval
 * @throws Refusal INVALID_STATE if too many wait for the same subject @throws Error for a command that cannot be kept
 */
export async function requestApproval<Input>(
  work: Work,
  events: ApprovalEvents,
  { command, input, subjectId, tiers, requestedBy, requestedAt, expiresAfterHours }: NewApproval<Input>,
): Promise<string> {
  if (tiers.length === 0) throw new Error(`${command.name} needs no approval: no tier is due.`);
  const kept = command.input.parse(input);
  if (JSON.stringify(kept).length > MAX_INPUT)
    throw new Error(`${command.name} has an input of more than ${MAX_INPUT} characters.`);
  await checkPendingOf(work, subjectId, requestedAt);
  const id = newId('approval');
  const expiresAt = new Date(requestedAt.getTime() + expiresAfterHours * 3_600_000);
  await work.insert(ApprovalSchema, {
    id,
    command: command.name,
    input: kept,
    inputHash: commandHash(command.name, kept),
    subjectId,
    requestedBy,
    status: 'PENDING',
    requestedAt,
    expiresAt,
  });
  await work.insert(ApprovalTierSchema, ...tiers.map((tier) => ({ approvalId: id, ...tier })));
  publishApproval(work, events, (await work.findIfAny(ApprovalSchema, id))!);
  return id;
}

/**
 * The commands about one thing that people may approve, or have approved, and that are not executed yet. What they will do
 * counts with what is asked for next: a command that is cut into several requests meets the same tiers as the whole.
 */
export async function openCommands<Input>(
  work: Work,
  { command, subjectId, now }: { command: ApprovableCommand<Input>; subjectId: string; now: Date },
): Promise<Input[]> {
  const open = await work.sql
    .withTables<ApprovalTables>()
    .selectFrom('approval')
    .select('input')
    .where('subjectId', '=', subjectId)
    .where('command', '=', command.name)
    .where(({ eb, and, or }) =>
      or([
        and([eb('status', '=', 'PENDING'), eb('expiresAt', '>', sql<Date>`${now}::timestamptz`)]),
        // What has an outcome is counted where that is.
        and([eb('status', '=', 'APPROVED'), eb('outcomeId', 'is', null)]),
      ]),
    )
    .execute();
  return open.map(({ input }) => command.input.parse(input));
}

async function checkPendingOf(work: Work, subjectId: string, now: Date): Promise<void> {
  const pending = work.sql
    .withTables<ApprovalTables>()
    .selectFrom('approval')
    .where('subjectId', '=', subjectId)
    .where('status', '=', 'PENDING')
    .where('expiresAt', '>', sql<Date>`${now}::timestamptz`);
  if ((await countOf(pending)) >= MAX_PENDING)
    throw refuse(
      'INVALID_STATE',
      `${MAX_PENDING} requests about this wait for approval already: have them decided first.`,
      ['input'],
    );
}
