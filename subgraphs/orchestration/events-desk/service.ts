/** Operators' actions on consumers and parked events. Each is audited for good, with operator, reason and effect. */
import type { Kysely } from 'kysely';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import type { Work } from '../../../platform/store/store.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../../../platform/events/cursor.ts';
import { logIdentity } from '../../../platform/events/event-log.ts';
import { refill } from '../../../platform/consumers/backfill.ts';
import { isRegistered } from '../../../platform/consumers/cursor-row.ts';
import { discard, redrive } from '../../../platform/consumers/parked.ts';
import { askForRebuild, giveUpRebuild, isOfRebuild } from '../../../platform/projections/rebuild-row.ts';
import { moveBack, placeBefore } from '../../../platform/events/replay.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import type {
  CancelRebuildInput,
  DiscardEventInput,
  RebuildProjectionInput,
  RedriveEventsInput,
  ReplayConsumerInput,
} from '../resolvers.generated.ts';
import { EventActionSchema, type EventActionType } from './entities.ts';

/** The input that all actions have. */
interface Asked {
  consumer: string;
  reason: string;
  idempotencyKey: string;
}

/** The effect of an action, for the audit. */
interface Done {
  events: number;
  aggregateKey?: string;
  eventId?: string;
  event?: unknown;
  from?: string;
  to?: string;
}

/** Asked once an action has found nothing, not before: parked events may outlive their consumer. @throws Refusal NOT_FOUND */
async function checkRegistered(sql: Kysely<Tables>, consumer: string): Promise<void> {
  if (await isRegistered(sql, consumer)) return;
  throw refuse('NOT_FOUND', 'There is no such consumer: `{ consumers { name } }` lists them.', ['input', 'consumer']);
}

export const eventsDeskService = ({ store, clock, allAgents }: AgentContext<Tables>) => {
  /** Performs an action and writes its audit entry, once per idempotency key. Returns the id of the entry. */
  const act = async (
    action: EventActionType,
    asked: Asked,
    context: RequestContext,
    work: (work: Work<Tables>) => Promise<Done>,
  ): Promise<string> => {
    const { consumer, reason } = asked;
    const options = { ...idempotencyOf(`events:${action}`, asked, context), locks: [`consumer:${consumer}`] };
    const kept = await store.idempotent(options, async (session) => {
      const { from: fromCursor, to: toCursor, ...done } = await work(session);
      const id = newId('action');
      const row = {
        id,
        at: clock.now(),
        by: context.actor.id,
        action,
        consumer,
        reason,
        fromCursor,
        toCursor,
        ...done,
      };
      await session.insert(EventActionSchema, row);
      return { id };
    });
    return kept.id;
  };

  /** The start of a replay. @throws Refusal INVALID_INPUT, CURSOR_EXPIRED */
  const placeOf = async ({ from, since }: ReplayConsumerInput): Promise<Cursor> => {
    if ((from == null) === (since == null))
      throw refuse('INVALID_INPUT', 'Say where to begin: either `from` or `since`.', ['input', 'from']);
    if (since != null) return placeBefore(store.read, since);
    const cursor = decodeCursor(from!);
    if (!cursor) throw refuse('INVALID_INPUT', 'This is not a cursor of the event log.', ['input', 'from']);
    const { generation, oldestXid } = await logIdentity(store.read);
    if (cursor.generation !== generation || BigInt(cursor.xid) < BigInt(oldestXid))
      throw refuse('CURSOR_EXPIRED', 'The log does not reach back so far.', ['input', 'from']);
    return cursor;
  };

  return {
    /** @throws Refusal NOT_FOUND, INVALID_INPUT */
    redrive: (input: RedriveEventsInput, context: RequestContext): Promise<string> =>
      act('REDRIVE', input, context, async ({ sql }) => {
        const { consumer, aggregateKey } = input;
        const events = await redrive(sql, consumer, aggregateKey);
        if (events === 0) {
          await checkRegistered(sql, consumer);
          throw refuse('NOT_FOUND', 'Nothing of this is parked.', ['input', 'aggregateKey']);
        }
        return { events, aggregateKey };
      }),

    /** @throws Refusal NOT_FOUND, INVALID_INPUT */
    discard: (input: DiscardEventInput, context: RequestContext): Promise<string> =>
      act('DISCARD', input, context, async ({ sql }) => {
        const { consumer, eventId } = input;
        const parked = await discard(sql, consumer, eventId);
        if (!parked) {
          await checkRegistered(sql, consumer);
          throw refuse('NOT_FOUND', 'There is no such parked event.', ['input', 'eventId']);
        }
        return { events: 1, aggregateKey: parked.key, eventId, event: parked.event };
      }),

    /** @throws Refusal NOT_FOUND, NOT_REBUILDABLE, INVALID_STATE, INVALID_INPUT */
    rebuild: (input: RebuildProjectionInput, context: RequestContext): Promise<string> =>
      act('REBUILD', input, context, async ({ sql }) => {
        const { consumer, version } = input;
        if (version != null && version < 1)
          throw refuse('INVALID_INPUT', 'Versions are counted from 1.', ['input', 'version']);
        const asked = await askForRebuild(sql, consumer, version ?? undefined);
        if (asked === 'UNDER_WAY')
          throw refuse(
            'INVALID_STATE',
            'It is being rebuilt already: wait for its end, or give it up by `cancelRebuild`.',
            ['input', 'consumer'],
          );
        if (asked === 'NO_PROJECTION' && (isOfRebuild(consumer) || !(await refill(sql, consumer)))) {
          await checkRegistered(sql, consumer);
          throw refuse('NOT_REBUILDABLE', 'This consumer keeps no projection that can be filled.', [
            'input',
            'consumer',
          ]);
        }
        return { events: 0 };
      }),

    /** @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT */
    cancelRebuild: (input: CancelRebuildInput, context: RequestContext): Promise<string> =>
      act('CANCEL_REBUILD', input, context, async ({ sql }) => {
        const { consumer } = input;
        if (!(await giveUpRebuild(sql, consumer))) {
          await checkRegistered(sql, consumer);
          throw refuse('INVALID_STATE', 'It is not being rebuilt.', ['input', 'consumer']);
        }
        return { events: 0 };
      }),

    /** @throws Refusal NOT_FOUND, NOT_REPLAYABLE, INVALID_STATE, CURSOR_EXPIRED, INVALID_INPUT */
    async replay(input: ReplayConsumerInput, context: RequestContext): Promise<string> {
      const { consumer } = input;
      if (!allAgents.some(({ name, replayable }) => name === consumer && replayable)) {
        await checkRegistered(store.read, consumer);
        throw refuse('NOT_REPLAYABLE', 'This consumer is not made for handling events again.', ['input', 'consumer']);
      }
      return act('REPLAY', input, context, async ({ sql }) => {
        const to = await placeOf(input);
        const replay = await moveBack(sql, consumer, to);
        if (!replay) throw refuse('INVALID_STATE', 'The consumer has not come so far.', ['input', 'from']);
        const { generation } = await logIdentity(sql);
        const cursor = (at: Cursor): string => encodeCursor(at, generation);
        return { events: replay.unparked, from: cursor(replay.from), to: cursor(to) };
      });
    },
  };
};

export type EventsDeskService = ReturnType<typeof eventsDeskService>;
