import type { ExecutionResult } from 'graphql';
import type { Clock } from '../clock.ts';
import { AgoraError, isCallers, isTransient, originOf, type Severity } from '../errors.ts';
import { append, envelope } from '../events/event-log.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import { newUuid } from '../ids.ts';
import type { Logger } from '../log.ts';
import { agentErrorDetected } from './error-detected.ts';
import { byConnections, type Writer } from './registry.ts';

/** One of each type and agent in this time. */
const EVERY_MS = 60_000;
/** Kinds that are remembered, and reports that wait for the database. */
const MAX_KINDS = 1000;
const MAX_WAITING = 100;

/** A fault that somebody should know of. */
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

  /** Publishes what waits. True if there was something. @throws what the database throws; then it goes on waiting */
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
 * Tells the listener of the failures that a subgraph answers with: not of what its caller has caused, and not for a
 * caller that has gone, for whom all is given up.
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

/** What nobody threw on purpose is a defect. What passes is of the infrastructure, which is told of by itself. */
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

/** Events hold nothing personal: only texts that are ours alone, not those made from what somebody else said. */
const textOf = (error: unknown): string =>
  error instanceof AgoraError && error.cause === undefined
    ? error.message.slice(0, 300)
    : `${typeOf(error)}: the log has more, under the error's id`;
