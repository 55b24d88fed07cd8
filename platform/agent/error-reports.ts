import type { ExecutionResult } from 'graphql';
import type { Clock } from '../clock.ts';
import { AgoraError, isCallers, isTransient, originOf, type Severity } from '../errors.ts';
import { append, envelope } from '../events/event-log.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import { newUuid } from '../ids.ts';
import type { Logger } from '../log.ts';
import { agentErrorDetected } from './error-detected.ts';
import { byConnections, type Writer } from './registry.ts';

/** Rate limit: one report per agent and type in this time. */
const EVERY_MS = 60_000;
/** Limits of the remembered kinds, and of the reports queued for the database. */
const MAX_KINDS = 1000;
const MAX_WAITING = 100;

/** A fault to be published. */
interface Report {
  errorId: string;
  agentId: string;
  errorType: string;
  errorMessage: string;
  severity: Severity;
  context: Record<string, string>;
  timestamp: string;
}

/** Publishes faults of high severity as `agent.error_detected`, not more than one a minute for each agent and type. */
export class ErrorReports {
  readonly #o: Writer & { clock: Clock; log: Logger };
  readonly #told = new Map<string, number>();
  readonly #waiting: Report[] = [];

  constructor(options: Writer & { clock: Clock; log: Logger }) {
    this.#o = options;
  }

  /** Reports a fault, if it is one and was not reported just now. Returns its type if it is one. */
  report(agentId: string, error: unknown, context: Record<string, string>): string | undefined {
    const severity = severityOf(error);
    if (severity !== 'HIGH' && severity !== 'CRITICAL') return undefined;
    const errorType = typeOf(error);
    const kind = `${agentId} ${errorType}`;
    const now = performance.now();
    if (now - (this.#told.get(kind) ?? -Infinity) < EVERY_MS) return errorType;
    if (this.#told.size >= MAX_KINDS) this.#told.clear();
    this.#told.set(kind, now);
    const errorId = newUuid();
    this.#o.log.error({ err: error, errorId, agent: agentId, ...context }, 'an agent has a fault');
    const timestamp = this.#o.clock.now().toISOString();
    this.#waiting.push({ errorId, agentId, errorType, errorMessage: textOf(error), severity, context, timestamp });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    return errorType;
  }

  /** Publishes the queued reports; true if there were any. @throws the database's error; the queue is kept */
  async publish(): Promise<boolean> {
    const waiting = this.#waiting.slice();
    if (waiting.length === 0) return false;
    for (const [kysely, reports] of byConnections(this.#o, waiting, ({ agentId }) => agentId)) {
      const events = reports.map((payload) =>
        envelope(
          agentErrorDetected,
          { aggregateId: payload.errorId, aggregateVersion: 1, payload },
          { source: payload.agentId },
        ),
      );
      await kysely.transaction().execute((transaction) => append(transaction, events, this.#o.signer));
      this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter((report) => !reports.includes(report)));
    }
    return true;
  }
}

/**
 * Tells the listener of the errors that a subgraph answers with, except those that its caller has caused, and those of
 * a request that its caller has abandoned.
 */
export const watched = (subgraph: Subgraph, listen: (error: unknown, correlationId: string) => void): Subgraph => ({
  ...subgraph,
  async execute(request, context) {
    const result: ExecutionResult = await subgraph.execute(request, context);
    if (context.signal?.aborted) return result;
    for (const error of result.errors ?? []) if (!isCallers(error)) listen(originOf(error), context.correlationId);
    return result;
  },
});

/** An error not of ours is a defect (HIGH), unless it is transient: infrastructure is reported by itself. */
function severityOf(error: unknown): Severity {
  if (error instanceof AgoraError) return error.severity;
  return isCallers(error) || isTransient(error) ? 'MEDIUM' : 'HIGH';
}

/** The code of an error, or its class. */
export function typeOf(error: unknown): string {
  if (error instanceof AgoraError) return error.code;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' && code ? `${String(name)} ${code}` : String(name ?? typeof error);
}

/** Events hold nothing personal: an error's text is used only if it is ours and not made from another error. */
const textOf = (error: unknown): string =>
  error instanceof AgoraError && error.cause === undefined
    ? error.message.slice(0, 300)
    : `${typeOf(error)}: the log has more, under the error's id`;
