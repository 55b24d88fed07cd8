/**
 * Two small agents with slow statements, behind a gateway: in its process, or over HTTP as in processes of their own.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parse } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { sql } from 'kysely';
import WebSocket from 'ws';
import { kyselyOver } from '../../db/kysely.ts';
import { createPool } from '../../db/pool.ts';
import { graphOf } from '../../gateway/graph/graph.ts';
import { createGateway } from '../../gateway/server.ts';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { overHttp } from '../federation/distributed-graph.ts';
import { testDatabase } from './database.ts';
import { untilAnswer } from './until.ts';

/** How the agents run. */
export interface SlowOptions {
  prepare: boolean;
  isOverHttp: boolean;
}

/** Number of connections that the agents share. */
export const CONNECTIONS = 3;

/** Time limit of an operation, in milliseconds: longer than a test waits on a busy machine. */
const TIMEOUT_MS = 4_000;

const SDL = `
  type Query { sleep(seconds: Float!): Int @public }
  type Mutation { write(mark: String!): Int @public }
  type Subscription { told: Told @public }
  type Told @public { sleep(seconds: Float!): Int }
`;
const OTHER = 'type Query { other: Int @public } type Mutation { writeElsewhere(mark: String!): Int @public }';

/** Opens the agents and their gateway. */
export async function openSlowAgents({ prepare, isOverHttp }: SlowOptions) {
  const database = await testDatabase();
  const limits = { statementTimeout: 0, transactionTimeout: 0, lockTimeout: 0 };
  const pool = createPool({ url: database.url, max: CONNECTIONS, name: 'agora test', prepare, ...limits });
  const kysely = kyselyOver(pool);
  await sql`create table written (mark text)`.execute(kysely);
  const sleep = async (_: unknown, { seconds }: { seconds: number }): Promise<number> => {
    await sql`select pg_sleep(${seconds})`.execute(kysely);
    return 1;
  };
  const write = async (_: unknown, { mark }: { mark: string }): Promise<number> => {
    await sql`select pg_sleep(0.8)`.execute(kysely);
    await sql`insert into written values (${mark})`.execute(kysely);
    return 1;
  };
  async function* tellOnce() {
    yield { told: {} };
  }
  const subgraphs: Subgraph[] = [
    createSubgraph('slow', parse(LINKS + SDL), {
      Query: { sleep },
      Mutation: { write },
      Subscription: { told: { subscribe: tellOnce } },
      Told: { sleep },
    }),
    createSubgraph('other', parse(LINKS + OTHER), { Mutation: { writeElsewhere: write } }),
  ];
  const remote = isOverHttp ? await overHttp(subgraphs) : undefined;
  const complaints: unknown[] = [];
  const complain = (...line: unknown[]): void => void complaints.push(line);
  const gateway = await createGateway({
    graph: remote?.graph ?? graphOf(subgraphs),
    authenticate: async () => ({ actor: ANONYMOUS }),
    log: { debug() {}, info() {}, warn: complain, error: complain },
    isReady: () => ({ ready: true, details: {} }),
    timeoutMs: TIMEOUT_MS,
  });
  gateway.server.listen(0, '127.0.0.1');
  await once(gateway.server, 'listening');
  const address = `127.0.0.1:${(gateway.server.address() as AddressInfo).port}/graphql`;

  /** Number of connections of the agents that are at work: this query has another. */
  const active = async (): Promise<number> => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
    `.execute(database.kysely);
    return rows[0]!.n;
  };
  return {
    /** Warnings and errors of the gateway. */
    complaints,
    /** Resolves when so many statements are at work. */
    atWork: (n = 1) => untilAnswer(active, (now) => now === n, `${n} statements were not seen at work`),
    idle: () => untilAnswer(active, (now) => now === 0, 'a statement goes on'),
    /** Rows that mutations have written. */
    written: async () => (await sql<{ mark: string }>`select mark from written`.execute(database.kysely)).rows,
    post: (query: string, { signal, accept }: { signal?: AbortSignal; accept?: string } = {}): Promise<Response> =>
      fetch(`http://${address}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(accept && { accept }) },
        body: JSON.stringify({ query }),
        signal,
      }),
    /** A client over WebSocket that does not reconnect. */
    socket: (): Client => createClient({ url: `ws://${address}`, webSocketImpl: WebSocket, retryAttempts: 0 }),
    async close() {
      await gateway.close();
      await remote?.close();
      await pool.end();
      await database.drop();
    },
  };
}
