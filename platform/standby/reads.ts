/**
 * Routing of an agent's reads between the primary and a read replica (hot standby). A shopper's query goes to the
 * standby, since shoppers do not change the catalogue, and may see it as it was a moment ago. Everything else reads the
 * primary: staff and merchants, who look at what they have just changed; agents, which act on what they read; a
 * mutation's answer, and a subscription's event. Only a gateway that executes a query marks it so
 * (`RequestContext.mayLag`); the primary is the default.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import { currentSignal } from '../data/cancellation.ts';
import { singleStatements } from '../data/single-statements.ts';
import type { RequestContext } from '../graphql/context.ts';
import { perRequest } from '../graphql/per-request.ts';
import type { Subgraph } from '../graphql/subgraph.ts';
import { isShopper } from '../identity/is-shopper.ts';
import type { Logger } from '../log.ts';
import { count } from '../telemetry/metrics.ts';
import type { Standby } from './standby.ts';

/** A standby and connections to it. */
export interface StandbyConnections {
  standby: Pick<Standby, 'isUsable'>;
  kysely: Kysely<any>;
}

/** The reads of a request that may lag. */
interface Reading {
  /** Whether it has read the primary: then it stays there, since reads that go back in time would be inconsistent. */
  isOnPrimary: boolean;
}

/** One execution of such a request. Code that outlives it, such as a loop started in it, is no part of it. */
interface Execution {
  reading: Reading;
  isOver: boolean;
}

const executions = new AsyncLocalStorage<Execution | undefined>();

const mayLag = ({ mayLag, actor }: RequestContext): boolean => mayLag === true && isShopper(actor);

/** The same subgraph, whose reads ({@link standbyReads}) know whether their request may lag. */
export function readingSubgraph(subgraph: Subgraph): Subgraph {
  const readingOf = perRequest((): Reading => ({ isOnPrimary: false }));
  return {
    ...subgraph,
    async execute(request, context) {
      const execution = mayLag(context) ? { reading: readingOf(context), isOver: false } : undefined;
      try {
        // Also without one: another agent may ask in the middle of a query that may lag.
        return await executions.run(execution, () => subgraph.execute(request, context));
      } finally {
        if (execution) execution.isOver = true;
      }
    },
  };
}

/**
 * An agent's reads over primary and standby, for single statements, which is all that a `Store.read` is for: so each
 * can be repeated on the primary.
 */
export function standbyReads({
  agent,
  primary,
  replica,
  log,
}: {
  agent: string;
  primary: Kysely<any>;
  replica: StandbyConnections;
  log: Pick<Logger, 'debug'>;
}): Kysely<any> {
  return singleStatements(async <Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> => {
    const execution = executions.getStore();
    const reading = execution?.isOver ? undefined : execution?.reading;
    const from = (server: 'standby' | 'primary', reason: string): void =>
      count('agora_standby_reads_total', { agent, server, reason });
    if (!reading) {
      from('primary', 'fresh');
      return primary.executeQuery<Row>(query);
    }
    if (!reading.isOnPrimary && replica.standby.isUsable) {
      try {
        const result = await replica.kysely.executeQuery<Row>(query);
        from('standby', 'may_lag');
        return result;
      } catch (error) {
        // A client that has disconnected wants no answer. Any other error is retried on the primary: the standby may be
        // shutting down, or have removed rows that are being read (40001), or not know a new table, role or right yet.
        if (currentSignal()?.aborted) throw error;
        log.debug({ err: error, agent }, 'a read of the standby is repeated on the primary');
        reading.isOnPrimary = true;
        from('primary', 'failed');
        return primary.executeQuery<Row>(query);
      }
    }
    from('primary', reading.isOnPrimary ? 'failed' : 'away');
    reading.isOnPrimary = true;
    return primary.executeQuery<Row>(query);
  }, primary);
}
