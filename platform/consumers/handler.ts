import type { z } from 'zod';
import type { Origin, Work } from '../store/store.ts';
import type { EventDefinition, NewEvent } from '../events/define-event.ts';
import type { LoggedEvent } from '../events/event-log.ts';

/** An agent's handler of one event type. `Services` are passed to it, where its room declares them. */
export interface EventHandler<Services = void> {
  readonly type: string;
  /** The aggregates to lock for it: those of which the handler publishes events. */
  locks(event: LoggedEvent): readonly string[];
  /** Applies the event through `work` and nothing else. Throws to have it parked. */
  handle(work: Work, event: LoggedEvent, services: Services): Promise<void>;
  /**
   * Applies consecutive events in one go, oldest first. Handlers that share one function are given theirs together. If it
   * throws, each event is handled by itself, so that only those that fail are parked.
   */
  handleAll?(work: SetWork, events: readonly LoggedEvent[], services: Services): Promise<void>;
  /** Called after the commit of a batch with events of this type, in the process that applied it: a hint for workers. */
  onCommitted?(): void;
}

/** The work of a set of events. It starts no saga: that would have no single cause. */
export interface SetWork<DB = any> extends Omit<Work<DB>, 'publish' | 'startSaga'> {
  /** Publishes a fact that one event of the set caused: `causeOf(event)`. */
  publish<Payload>(definition: EventDefinition<Payload>, fact: NewEvent<Payload>, origin: Origin): void;
}

/** The origin of facts that a handler publishes about an event. */
export const causeOf = ({ id, correlationId }: LoggedEvent): Origin => ({
  correlationId: correlationId ?? undefined,
  causationId: id,
});

/** Binds the handlers of a room to the services that its `build` returned. */
export function bindHandlers<Services>(
  handlers: readonly EventHandler<Services>[],
  services: Services,
): EventHandler[] {
  const sets = new Map<EventHandler<Services>['handleAll'], EventHandler['handleAll']>();
  const bindSet = (handleAll: NonNullable<EventHandler<Services>['handleAll']>) => {
    const bound =
      sets.get(handleAll) ?? ((work: SetWork, events: readonly LoggedEvent[]) => handleAll(work, events, services));
    sets.set(handleAll, bound);
    return bound;
  };
  return handlers.map(({ type, locks, handle, handleAll, onCommitted }) => ({
    type,
    locks,
    handle: (work, event) => handle(work, event, services),
    ...(handleAll && { handleAll: bindSet(handleAll) }),
    ...(onCommitted && { onCommitted }),
  }));
}

/**
 * Declares a handler of an event type. `reads` has only the fields of the payload that this agent uses: a tolerant
 * reader, so that the sender may add fields.
 */
export const on = <Payload, DB = any, Services = void>(
  type: string,
  reads: z.ZodType<Payload>,
  handle: (work: Work<DB>, event: LoggedEvent<Payload>, services: Services) => Promise<void>,
  locks: (payload: Payload) => readonly string[] = () => [],
): EventHandler<Services> => ({
  type,
  locks: (event) => {
    const parsed = reads.safeParse(event.payload);
    return parsed.success ? locks(parsed.data) : [];
  },
  handle: (work, event, services) =>
    handle(work as Work<DB>, { ...event, payload: reads.parse(event.payload) }, services),
});

/**
 * Makes {@link on} for the tables of a room and the services of its handlers, so that each handler infers its payload:
 * `const on = handlersFor<Tables, OrderService>();`.
 */
export const handlersFor = <DB, Services = void>(): (<Payload>(
  ...declared: Parameters<typeof on<Payload, DB, Services>>
) => EventHandler<Services>) => on;

/**
 * Declares handlers of several types whose consecutive events are applied together, in few statements. `reads` is as for {@link on}; `locks` are those of the rows that are written.
 */
export function onAll<Payload, DB = any, Services = void>(
  types: readonly string[],
  reads: z.ZodType<Payload>,
  apply: (work: SetWork<DB>, events: readonly LoggedEvent<Payload>[], services: Services) => Promise<void>,
  locks: (payload: Payload) => readonly string[] = () => [],
): EventHandler<Services>[] {
  const parsed = (event: LoggedEvent): LoggedEvent<Payload> => ({ ...event, payload: reads.parse(event.payload) });
  const handleAll = (work: SetWork, events: readonly LoggedEvent[], services: Services): Promise<void> =>
    apply(work as SetWork<DB>, events.map(parsed), services);
  return types.map((type) => ({
    ...on<Payload, DB, Services>(type, reads, (work, event, services) => apply(work, [event], services), locks),
    handleAll,
  }));
}
