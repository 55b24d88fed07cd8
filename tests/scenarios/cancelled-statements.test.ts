import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { sql } from 'kysely';
import { parse } from 'graphql';
import WebSocket from 'ws';
import { createPool } from '../../db/pool.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { createGateway, type Gateway } from '../../gateway/server.ts';
import { LINKS } from '../../platform/gate/compose-for-test.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { silentLogger } from '../../platform/log.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { until } from '../support/shop.ts';

const SDL = `${LINKS}
  type Query { sleep(mark: String!, seconds: Float!): Int @public }
  type Mutation { sleepAndWrite(mark: String!): Int @public }
`;

/** Reads as an agent does, with a statement that takes its time. */
const LONG = 60;

describe.each([['prepared', true] as const, ['not prepared', false] as const])(
  'statements that are %s',
  (_, prepare) => {
    let database: TestDatabase;
    let pool: ReturnType<typeof createPool>;
    let gateway: Gateway;
    let address: string;

    beforeAll(async () => {
      database = await testDatabase();
      const limits = { statementTimeout: 0, transactionTimeout: 0, lockTimeout: 0 };
      pool = createPool({ url: database.url, max: 3, name: 'agora test', prepare, ...limits });
      const kysely = kyselyOver(pool);
      await sql`create table written (mark text)`.execute(kysely);
      const resolvers = {
        Query: {
          sleep: async (_: unknown, { mark, seconds }: { mark: string; seconds: number }) => {
            await sql`select pg_sleep(${seconds}), ${mark}::text`.execute(kysely);
            return 1;
          },
        },
        Mutation: {
          sleepAndWrite: async (_: unknown, { mark }: { mark: string }) => {
            await sql`select pg_sleep(0.3), ${mark}::text`.execute(kysely);
            await sql`insert into written values (${mark})`.execute(kysely);
            return 1;
          },
        },
      };
      gateway = await createGateway({
        subgraphs: [createSubgraph('slow', parse(SDL), resolvers)],
        authenticate: async () => ({ actor: ANONYMOUS }),
        log: silentLogger,
        isReady: () => ({ ready: true, details: {} }),
        timeoutMs: 5_000,
      });
      gateway.server.listen(0, '127.0.0.1');
      await once(gateway.server, 'listening');
      address = `127.0.0.1:${(gateway.server.address() as AddressInfo).port}/graphql`;
    });
    afterAll(async () => {
      await gateway.close();
      await pool.end();
      await database.drop();
    });

    /** How many of our own connections are at work: the one that asks is another's. */
    const active = async (): Promise<number> => {
      const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
    `.execute(database.kysely);
      return rows[0]!.n;
    };
    const atWork = () => until(active, (n) => n > 0, 'no statement was seen at work');
    const idle = () => until(active, (n) => n === 0, 'the statement goes on');
    const post = (query: string, signal?: AbortSignal): Promise<Response> =>
      fetch(`http://${address}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
        signal,
      });

    test('end when a client over HTTP has gone, and the connection is good for others', async () => {
      const leaving = new AbortController();
      const answer = post(`{ sleep(mark: "http", seconds: ${LONG}) }`, leaving.signal).catch(() => 'gone');
      expect(await atWork()).toBe(1);
      leaving.abort();
      expect(await answer).toBe('gone');
      expect(await idle()).toBe(0);
      for (let n = 0; n < 5; n++) {
        const response = await post('{ sleep(mark: "after", seconds: 0) }');
        expect(await response.json()).toEqual({ data: { sleep: 1 } });
      }
    });

    test('end when a socket has gone', async () => {
      const client = createClient({ url: `ws://${address}`, webSocketImpl: WebSocket, retryAttempts: 0 });
      client.subscribe(
        { query: `{ sleep(mark: "socket", seconds: ${LONG}) }` },
        { next() {}, error() {}, complete() {} },
      );
      expect(await atWork()).toBe(1);
      client.terminate();
      expect(await idle()).toBe(0);
    });

    test('end when the operation has had its time', async () => {
      const response = await post(`{ sleep(mark: "time", seconds: ${LONG}) }`);
      const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect(errors[0]!.extensions.code).toBe('UNAVAILABLE');
      expect(await idle()).toBe(0);
    });

    test('of a mutation do not end: what has begun is carried out', async () => {
      const leaving = new AbortController();
      const answer = post('mutation { sleepAndWrite(mark: "kept") }', leaving.signal).catch(() => 'gone');
      expect(await atWork()).toBe(1);
      leaving.abort();
      await answer;
      const written = async () => (await sql<{ mark: string }>`select mark from written`.execute(database.kysely)).rows;
      await until(written, (rows) => rows.some(({ mark }) => mark === 'kept'), 'nothing was written');
    });
  },
);
