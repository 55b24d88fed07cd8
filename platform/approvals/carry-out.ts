/**
 * The execution of approved commands. The approval is what is enqueued: the vote that completes it commits the status
 * APPROVED, and whoever comes first executes it, in one transaction with the record that it was. A process that dies before
 * has executed nothing, and one that dies after it has executed everything; the scheduled job goes on in either case.
 */
import type { AgentContext } from '../agent/agent-context.ts';
import { columnsOf } from '../data/entity-table.ts';
import { workThrough } from '../data/work-through.ts';
import { Refusal } from '../errors.ts';
import type { Origin, Work } from '../store/store.ts';
import { type ApprovalRow, ApprovalSchema, type ApprovalTables } from './approval-entity.ts';
import { type ApprovalEvents, publishApproval } from './approval-events.ts';
import { type ApprovableCommand, commandHash } from './command.ts';

/** The lock of an approval. */
export const lockOf = (approvalId: string): string => `approval:${approvalId}`;

/** An approved command that its voter's process has left for this long is carried out by the scheduled job. */
const ABANDONED_MS = 10_000;
/** Approvals of one run of a job. */
const BATCH = 50;

const ID = ['input', 'approvalId'];

/** The parts that the execution needs. */
export interface Execution {
  events: ApprovalEvents;
  commands: readonly ApprovableCommand[];
}

/** Creates the execution of an agent's approved commands. */
export function executor({ store, clock }: Pick<AgentContext, 'store' | 'clock'>, { events, commands }: Execution) {
  const named = new Map(commands.map((command) => [command.name, command]));

  /** Records an end, unless another process was faster. */
  const end = (id: string, origin: Origin, changes: Partial<ApprovalRow>): Promise<void> =>
    store.write({ locks: [lockOf(id)], origin }, async (work) => {
      const row = await work.find(ApprovalSchema, id, { path: ID });
      if (row.status === 'APPROVED') await endIn(work, row, changes);
    });
  const endIn = async (work: Work, row: ApprovalRow, changes: Partial<ApprovalRow>): Promise<void> => {
    publishApproval(work, events, await work.save(ApprovalSchema, row, { executedAt: clock.now(), ...changes }));
  };

  /** Executes the command in one transaction, and returns the id of what it made; undefined if there is nothing to do. */
  const execute = (row: ApprovalRow, command: ApprovableCommand, origin: Origin): Promise<string | undefined> => {
    const input: unknown = command.input.parse(row.input);
    const locks = [lockOf(row.id), ...command.locks(input)];
    return store.write({ locks, origin }, async (work) => {
      const now = await work.find(ApprovalSchema, row.id, { path: ID });
      if (now.status !== 'APPROVED') return undefined;
      if (now.outcomeId !== null) return now.outcomeId;
      const outcomeId = await command.execute(work, input, { approvalId: row.id, requestedBy: row.requestedBy });
      if (command.finish) await work.save(ApprovalSchema, now, { outcomeId });
      else await endIn(work, now, { outcomeId, status: 'EXECUTED' });
      return outcomeId;
    });
  };

  /**
   * Carries out an approved command, as far as it is not yet: a second call, in whatever process, adds nothing.
   * @throws the error of a step that may succeed later; the scheduled job tries it again
   */
  const carryOut = async (id: string, origin: Origin): Promise<void> => {
    const db = store.read.withTables<ApprovalTables>();
    const row = await db
      .selectFrom('approval')
      .select(columnsOf(ApprovalSchema))
      .where('id', '=', id)
      .executeTakeFirst();
    if (row?.status !== 'APPROVED') return;
    const command = named.get(row.command);
    // While a release is rolled out, a process of the one before it may find what it does not know yet.
    if (!command?.input.safeParse(row.input).success)
      throw new Error(`This release cannot execute the command ${row.command} of ${id}.`);
    if (commandHash(row.command, row.input) !== row.inputHash)
      return end(id, origin, { status: 'FAILED', failureCode: 'INVALID_STATE', failure: ALTERED });
    try {
      const outcomeId = await execute(row, command, origin);
      if (outcomeId === undefined || !command.finish) return;
      await command.finish(outcomeId, origin);
      await end(id, origin, { status: 'EXECUTED' });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await end(id, origin, { status: 'FAILED', failureCode: error.code, failure: error.message });
    }
  };

  return {
    carryOut,

    /** Carries out what died between approval and execution, or could not be executed at once. */
    async carryOutAbandoned(signal: AbortSignal): Promise<void> {
      const before = new Date(clock.now().getTime() - ABANDONED_MS);
      const pageAfter = (last = '') =>
        store.read
          .withTables<ApprovalTables>()
          .selectFrom('approval')
          .select('id')
          .where('status', '=', 'APPROVED')
          .where('decidedAt', '<', before)
          .where('id', '>', last)
          .orderBy('id')
          .limit(BATCH)
          .execute()
          .then((rows) => rows.map(({ id }) => id));
      await workThrough(pageAfter, (id) => carryOut(id, {}), signal);
    },

    /** Records that nobody decided in time. */
    async expireDue(signal: AbortSignal): Promise<void> {
      const due = await store.read
        .withTables<ApprovalTables>()
        .selectFrom('approval')
        .select('id')
        .where('status', '=', 'PENDING')
        .where('expiresAt', '<=', clock.now())
        .orderBy('expiresAt')
        .limit(BATCH)
        .execute();
      for (const { id } of due) {
        if (signal.aborted) return;
        await store.write({ locks: [lockOf(id)], origin: {} }, async (work) => {
          const row = await work.find(ApprovalSchema, id, { path: ID });
          if (row.status !== 'PENDING') return;
          publishApproval(
            work,
            events,
            await work.save(ApprovalSchema, row, { status: 'EXPIRED', decidedAt: clock.now() }),
          );
        });
      }
    },
  };
}

const ALTERED = 'The stored command is not the one that was asked for and approved.';
