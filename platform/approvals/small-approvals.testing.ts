/** Approvals of the small agent (tests/support/small-agent.ts), for tests: notes that are written, and sent outside. */
import { z } from 'zod';
import type { SmallAgent } from '../../tests/support/small-agent.ts';
import type { Clock } from '../clock.ts';
import { Refusal, refuse } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { Actor } from '../identity/actor.ts';
import { ROLES, type Role } from '../identity/roles.ts';
import { newId } from '../ids.ts';
import { silentLogger } from '../log.ts';
import { defineRules } from '../rules/define-rules.ts';
import type { CommandWork, Store } from '../store/store.ts';
import type { ApprovalRow } from './approval-entity.ts';
import { approvalEvents } from './approval-events.ts';
import { createApprovals, type Approvals } from './approvals.ts';
import type { ApprovableCommand } from './command.ts';
import { dueTiers, parseApprovalPolicy } from './policy.ts';
import { requestApproval } from './request.ts';
import type { Electorate } from './vote.ts';

/** The events of the small agent's approvals. */
export const smallEvents = approvalEvents('small');

const note = z.strictObject({ id: z.string(), text: z.string() });
/** A note that needs approval. */
export type Note = z.infer<typeof note>;

/** A command that is of the database alone. */
export const writeNote: ApprovableCommand<Note> = {
  name: 'writeNote',
  input: note,
  locks: ({ id }) => [`note:${id}`],
  async execute(work: CommandWork<any>, { id, text }, { requestedBy }) {
    // Written before the refusal, so that what a refused execution leaves behind would show.
    const { version } = await work.sql
      .insertInto('note')
      .values({ id, text, owner: requestedBy })
      .onConflict((on) => on.column('id').doUpdateSet((eb) => ({ text, version: eb('note.version', '+', 1) })))
      .returning('version')
      .executeTakeFirstOrThrow();
    if (version > 1) throw refuse('INVALID_STATE', 'The note is written already.', ['input']);
    return id;
  },
};

/** The same, sent outside afterwards. */
export const sendNote = (send: (id: string) => Promise<void>): ApprovableCommand<Note> => ({
  ...writeNote,
  name: 'sendNote',
  finish: send,
});

const rules = defineRules({ amountMinor: { type: 'int', description: 'An amount, in cents.' } });

/** A person: the role is the first word of the id, such as `OPERATOR_1`. */
export const person = (id: string): Actor => new Actor({ id, roles: [id.split('_')[0] as Role] });
/** Staff votes. Nobody else exists but those whose ids begin with a role. */
const electorate: Electorate = {
  scopes: ['small:read'],
  rolesOf: async (id) => ROLES.filter((role) => role === id.split('_')[0]),
};
/** The context of a person's request. */
export const as = (id: string): RequestContext => ({ actor: person(id), correlationId: 'test' });

/** The approvals of the small agent, with what a room around them does. */
export interface SmallApprovals extends Approvals {
  /** Asks for a note of this amount, which needs the approval of the tiers of the policy. */
  ask(policy: string, options?: Partial<Asked>): Promise<string | null>;
  /** Runs a scheduled job once. */
  runJob(name: 'execute approved commands' | 'expire approvals'): Promise<void>;
}
/** A note that is asked for. */
export interface Asked {
  amountMinor: bigint | undefined;
  by: string;
  id: string;
  key: string;
  text: string;
  command: ApprovableCommand<Note>;
}

/** Creates the approvals of the small agent. */
export function smallApprovals(
  store: Store,
  clock: Clock,
  commands: readonly ApprovableCommand[] = [writeNote],
): SmallApprovals {
  const approvals = createApprovals({ store, clock, log: silentLogger }, { events: smallEvents, commands, electorate });
  return {
    ...approvals,
    async ask(policy, options = {}) {
      const { by = 'VIEWER_1', id = newId('note'), key = newId('key'), text = 'x', command = writeNote } = options;
      const amountMinor = 'amountMinor' in options ? options.amountMinor : 12_500n;
      const tiers = dueTiers(parseApprovalPolicy(policy, rules), { amountMinor });
      if (tiers.length === 0) return null;
      const request = { id, text };
      const idempotency = { actor: by, operation: command.name, key, request, origin: {}, locks: [`note:${id}`] };
      const { approvalId } = await store.idempotent(idempotency, async (work) => {
        const about = { subjectId: id, requestedBy: by, requestedAt: clock.now(), expiresAfterHours: 72 };
        return { approvalId: await requestApproval(work, smallEvents, { command, input: request, tiers, ...about }) };
      });
      return approvalId;
    },
    runJob: (name) =>
      approvals.scheduledJobs.find((job) => job.name === name)!.run(new AbortController().signal, undefined as never),
  };
}

/** A policy of one tier. */
export const ONE = '[{"when": "amountMinor > 10000", "approvers": "OPERATOR"}]';
/** A policy of two tiers, of which both are due for 12,500. */
export const TWO_TIERS = `[{"when": "amountMinor > 10000", "approvers": "OPERATOR"},
                    {"when": "amountMinor > 12000", "approvers": "ADMIN", "quorum": 2}]`;

/** The code of the refusal, or what was answered in its place. */
export const refused = (work: Promise<ApprovalRow>): Promise<string> =>
  work.then(
    ({ status }) => `not refused: ${status}`,
    (error) => {
      if (error instanceof Refusal) return error.code;
      throw error;
    },
  );

/** What people do, and what there is then. The agent is opened later, before the tests run. */
export function peopleOf(at: () => { small: SmallAgent; approvals: SmallApprovals }) {
  const given = (approvalId: string, more: object = {}) => ({
    approvalId,
    idempotencyKey: newId('key'),
    reason: 'Seen',
    ...more,
  });
  const rowsOf = async (text: string): Promise<any[]> => (await at().small.database.pool.query(text)).rows;
  return {
    given,
    asked: async (policy: string, options: Partial<Asked> = {}): Promise<string> =>
      (await at().approvals.ask(policy, options))!,
    approve: (id: string, by: string, more = {}): Promise<ApprovalRow> =>
      at().approvals.approve(given(id, more), as(by)),
    reject: (id: string, by: string): Promise<ApprovalRow> => at().approvals.reject(given(id), as(by)),
    withdraw: (id: string, by: string): Promise<ApprovalRow> => at().approvals.withdraw(given(id), as(by)),
    delegate: (id: string, by: string, delegateId: string): Promise<ApprovalRow> =>
      at().approvals.delegate({ ...given(id), delegateId }, as(by)),
    one: async (id: string): Promise<ApprovalRow> => (await at().approvals.load(as('VIEWER_9')).load(id))!,
    tiersOf: (id: string): Promise<any[]> =>
      (at().approvals.resolvers as any).Approval.tiers({ id }, {}, as('VIEWER_9')),
    notes: () => rowsOf('select * from small.note'),
    eventTypes: async () =>
      (await rowsOf('select type from platform.event_log order by position')).map(({ type }) => type as string),
  };
}
