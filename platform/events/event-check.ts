import type { Kysely } from 'kysely';
import type { Logger } from '../log.ts';
import { count } from '../telemetry/metrics.ts';
import { type LoggedEvent, logIdentity } from './event-log.ts';
import type { EventSigner } from './signing.ts';

/** Parts of a check. */
export interface EventCheckParts {
  /** Without it every event passes: for tests. */
  signer?: Pick<EventSigner, 'verify'>;
  log: Logger;
}

/** Tells the events that their senders signed from others. A reader of the log that hands events on asks it first. */
export class EventCheck {
  readonly #o: EventCheckParts;
  /** Events of older transactions than this may have no signature. */
  #signedFrom: bigint | undefined;

  constructor(parts: EventCheckParts) {
    this.#o = parts;
  }

  /** Whether an event is what its sender signed. One that is not is logged and counted, for an operator to investigate. */
  async isGenuine(db: Kysely<any>, event: LoggedEvent, reader: string): Promise<boolean> {
    const { signer, log } = this.#o;
    if (!signer || signer.verify(event)) return true;
    this.#signedFrom ??= BigInt((await logIdentity(db)).signedFrom);
    if (event.signature === null && BigInt(event.xid) < this.#signedFrom) return true;
    count('agora_signatures_refused_total', { what: 'event' });
    const { id, type, source, correlationId } = event;
    log.error({ reader, event: id, type, source, correlationId }, 'event with a bad signature');
    return false;
  }
}
