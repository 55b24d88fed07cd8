import type { Kysely } from 'kysely';
import type { LogNotifier } from '../events/log-notifier.ts';
import type { LogTail } from '../events/log-tail.ts';
import type { EventSigner } from '../events/signing.ts';
import type { Logger } from '../log.ts';
import type { Backfill } from './backfill.ts';
import type { Backstop } from './backstop.ts';
import type { Beginning } from './cursor-row.ts';
import type { EventHandler } from './handler.ts';

/** Options of a consumer. */
export interface ConsumerOptions {
  /** The agent whose consumer it is. */
  agent: string;
  /** The consumer's name. @default the agent's */
  name?: string;
  /** The schema that its handlers and its backfill write to. @default the agent's */
  schema?: string;
  /**
   * The version of a projection's tables in this process. Where they have a later one, a newer release has rebuilt them,
   * and this process leaves them alone. @default it has no tables
   */
  tablesVersion?: number;
  /** Called when a rebuild of its tables is asked for, under way or given up. @default nothing */
  onRebuild?(): void;
  kysely: Kysely<any>;
  notifier: LogNotifier;
  /** Tail of the log, run by the host, which wakes the consumer. @default none: it polls by itself */
  tail?: LogTail;
  /** Polls for it while it waits. @default none: it polls by itself, as often */
  backstop?: Backstop;
  log: Logger;
  handlers: readonly EventHandler[];
  /** Start position when it is new. @default NOW */
  begins?: Beginning;
  /** Milliseconds from a notification to the read, so that one batch takes the events of many commits. @default 10 */
  gatherMs?: number;
  /** Fills it from the owners, before it handles its first event. */
  backfill?: Backfill;
  /** Direct connections to PostgreSQL, for the backfill. @default kysely */
  sessions?: Kysely<any>;
  /** Verifies events read, and signs events that the handlers publish. Without it nothing is verified: for tests. */
  signer?: EventSigner;
}
