import { beforeEach, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import { cancellableBy } from '../data/cancellation.ts';
import { raw } from '../data/raw.ts';
import { singleStatements } from '../data/single-statements.ts';
import type { RequestContext } from '../graphql/context.ts';
import { createSubgraph, type Subgraph } from '../graphql/subgraph.ts';
import { typeDefsOf } from '../graphql/type-defs.ts';
import { ANONYMOUS, serviceActor } from '../identity/actor.ts';
import { silentLogger } from '../log.ts';
import { readingSubgraph, standbyReads } from './reads.ts';

let seen: string[];
let standbySays: () => void;
let isUsable: boolean;
let reads: Kysely<any>;
let subgraph: Subgraph;
let started: Promise<unknown>;

/** A database that notes its statements. */
const noting = (server: string, says: () => void): Kysely<any> =>
  singleStatements(async ({ sql }) => {
    says();
    seen.push(`${server}: ${sql}`);
    return { rows: [{ server }] as never[] };
  });

const typeDefs = typeDefsOf(
  `type Query { once: String @public twice: String @public asks: String @public starts: String @public }`,
);

beforeEach(() => {
  [seen, isUsable, standbySays] = [[], true, () => {}];
  const standby = {
    get isUsable() {
      return isUsable;
    },
  };
  reads = standbyReads({
    agent: 'small',
    primary: noting('primary', () => {}),
    replica: { standby, kysely: noting('standby', () => standbySays()) },
    log: silentLogger,
  });
  const once = async () => (await raw<{ server: string }>(reads, 'select 1')).rows[0]!.server;
  const twice = async () => {
    const first = await once();
    standbySays = () => {};
    isUsable = true;
    return `${first}, ${await once()}`;
  };
  /** Asks the agent in the middle of a query, as another agent would. */
  const asks = async () => JSON.stringify(await ask('{ once }', { actor: serviceActor('other'), mayLag: undefined }));
  const starts = () => void (started = new Promise((resolve) => setTimeout(resolve, 20)).then(once));
  subgraph = readingSubgraph(createSubgraph('small', typeDefs, { Query: { once, twice, asks, starts } }));
});

const ask = async (query: string, more: Partial<RequestContext> = {}): Promise<Record<string, string>> => {
  const { data, errors } = await subgraph.execute(
    { query },
    { actor: ANONYMOUS, correlationId: 'req_1', mayLag: true, ...more },
  );
  expect(errors).toBeUndefined();
  return { ...(data as Record<string, string>) };
};

test("only a shopper's query reads from the standby", async () => {
  expect(await ask('{ once }')).toEqual({ once: 'standby' });
  expect(await ask('{ once }', { mayLag: undefined })).toEqual({ once: 'primary' });
  expect(await ask('{ once }', { mayLag: false })).toEqual({ once: 'primary' });
  expect(await ask('{ once }', { actor: serviceActor('order') })).toEqual({ once: 'primary' });
  expect((await raw<{ server: string }>(reads, 'select 1')).rows).toEqual([{ server: 'primary' }]);
});

test('a request of an agent in the middle of such a query reads from the primary', async () => {
  expect(await ask('{ asks }')).toEqual({ asks: '{"once":"primary"}' });
});

test('a statement that fails on the standby is retried on the primary, with any error', async () => {
  for (const code of ['57P01', '40001', '42P01', '42501', 'ECONNRESET']) {
    standbySays = () => {
      throw Object.assign(new Error('no'), { code });
    };
    expect([code, await ask('{ once }')]).toEqual([code, { once: 'primary' }]);
  }
});

test('a request that has read the primary does not go back in time', async () => {
  standbySays = () => {
    throw new Error('no');
  };
  expect(await ask('{ twice }')).toEqual({ twice: 'primary, primary' });
  isUsable = false;
  expect(await ask('{ twice }')).toEqual({ twice: 'primary, primary' });
  expect(await ask('{ twice }')).toEqual({ twice: 'standby, standby' });
});

test('the next fetch of such a request from the same agent does not go back in time', async () => {
  const context = { actor: ANONYMOUS, correlationId: 'req_1', mayLag: true };
  isUsable = false;
  await subgraph.execute({ query: '{ once }' }, context);
  isUsable = true;
  expect({ ...(await subgraph.execute({ query: '{ once }' }, context)).data }).toEqual({ once: 'primary' });
});

test('a statement whose client has disconnected is not retried', async () => {
  const leaving = new AbortController();
  standbySays = () => {
    leaving.abort();
    throw new Error('cancelled');
  };
  const context = { actor: ANONYMOUS, correlationId: 'req_1', mayLag: true, signal: leaving.signal };
  await cancellableBy(leaving.signal, () => subgraph.execute({ query: '{ once }' }, context));
  expect(seen).toEqual([]);
});

test('work that a query has started without waiting reads the primary when the query is over', async () => {
  await ask('{ starts }');
  await started;
  expect(seen).toEqual(['primary: select 1']);
});

test('standby reads have no transactions', async () => {
  await expect(reads.transaction().execute(async () => {})).rejects.toThrow('use Store.write');
});
