/**
 * Where an agent's reads go that has a standby. Who may not change the catalogue may see it as it was a moment ago: a
 * shopper's query goes to the standby. Everything else reads the primary: staff and merchants, who look at what they
 * have just changed; agents, which act on what they read; what a mutation answers, and what a subscription tells of an
 * event that has just happened. Nobody has to ask for it: only a gateway that executes a query says that its answer may
 * lag (`RequestContext.mayLag`), and who says nothing reads what is.
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

/** What is read for a request that may see a moment ago. */
interface Reading {
  /** It has seen the primary, and goes not back in time: what refers to one another would not fit together. */
  isOnPrimary: boolean;
}

/** One execution for it. What outlives it, as a loop that it has started, is no part of it. */
interface Execution {
  reading: Reading;
  isOver: boolean;
}

const executions = new AsyncLocalStorage<Execution | undefined>();

const mayLag = ({ mayLag, actor }: RequestContext): boolean => mayLag === true && isShopper(actor);

/** The same agent, whose reads ({@link standbyReads}) are told for whom they are. */
export function readingSubgraph(subgraph: Subgraph): Subgraph {
  const readingOf = perRequest((): Reading => ({ isOnPrimary: false }));
  return {
    ...subgraph,
    async execute(request, context) {
      const execution = mayLag(context) ? { reading: readingOf(context), isOver: false } : undefined;
      try {
        // Also without one: it may be asked by another agent, in the middle of a query that may lag.
        return await executions.run(execution, () => subgraph.execute(request, context));
      } finally {
        if (execution) execution.isOver = true;
      }
    },
  };
}

/**
 * An agent's reads over both. For single statements, which is all that a `Store.read` is for: each goes where it can, so
 * that it can be repeated elsewhere.
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
        // Who has gone wants no answer. What else is wrong with it, the primary says: the standby may be on its way
        // down, or clear away what is read (40001), or not have heard of a new table, role or right.
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
