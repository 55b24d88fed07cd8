import { encodeCursor } from '../events/cursor.ts';
import type { LoggedEvent } from '../events/event-log.ts';

/** The content of a webhook. */
export interface Message {
  id: string;
  type: string;
  source: string;
  subject: string;
  time: Date;
  data: unknown;
  /** What only an event of the log has. */
  logged?: { aggregateType: string; aggregateVersion: number; cursor: string };
}

/** The body of a webhook: the attributes of CloudEvents 1.0 in its JSON format, with three extensions of ours. */
export const bodyOf = ({ id, type, source, subject, time, data, logged }: Message): string =>
  JSON.stringify({
    specversion: '1.0',
    id,
    type,
    source,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    ...(logged && {
      aggregatetype: logged.aggregateType,
      aggregateversion: logged.aggregateVersion,
      cursor: logged.cursor,
    }),
    data,
  });

/** The body for an event of the log. It has neither correlation nor causation, which are ours to trace by. */
export const bodyOfEvent = (event: LoggedEvent, generation: string): string =>
  bodyOf({
    id: event.id,
    type: event.type,
    source: event.source,
    subject: event.aggregateId,
    time: event.at,
    data: event.payload,
    logged: {
      aggregateType: event.aggregateType,
      aggregateVersion: event.aggregateVersion,
      cursor: encodeCursor(event, generation),
    },
  });
