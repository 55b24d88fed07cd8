import type { z } from 'zod';
import type { Work } from '../store/store.ts';
import type { LoggedEvent } from '../events/event-log.ts';

/** An agent's handler of one event type. `Services` are passed to it, where its room declares them. */
export interface EventHandler<Services = void> {
  readonly type: string;
  /** The aggregates to lock for it: those of which the handler publishes events. */
  locks(event: LoggedEvent): readonly string[];
  /** Applies the event through `work` and nothing else. Throws to have it parked. */
  handle(work: Work, event: LoggedEvent, services: Services): Promise<void>;
}

/** Binds the handlers of a room to the services that its `build` returned. */
export const bindHandlers = <Services>(
  handlers: readonly EventHandler<Services>[],
  services: Services,
): EventHandler[] =>
  handlers.map(({ type, locks, handle }) => ({ type, locks, handle: (work, event) => handle(work, event, services) }));

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
