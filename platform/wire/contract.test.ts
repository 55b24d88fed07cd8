/** The contract of an agent's subgraph, the same in process and over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { until } from '../../tests/support/until.ts';
import { command, createAsk, isNotUnderstood } from '../commands/ask.ts';
import { AgoraError, isTransient, isUnstorable } from '../errors.ts';
import { Actor } from '../identity/actor.ts';
import type { RequestContext } from '../graphql/context.ts';
import type { SubgraphEndpoint } from '../graphql/subgraph.ts';
import { newWorld, remoteSmall, serveSmall, smallSubgraph, type World } from './wire.testing.ts';

const actor = new Actor({
  id: 'user_é',
  roles: ['CUSTOMER'],
  scopes: ['order:read'],
  customerId: 'c1',
  sessionId: 's1',
});

interface Place {
  endpoint: SubgraphEndpoint;
  world: World;
  close(): Promise<void>;
}

const places: Record<string, () => Promise<Place>> = {
  async 'in process'() {
    const world = newWorld();
    return { endpoint: smallSubgraph(world), world, close: async () => {} };
  },
  async 'over HTTP'() {
    const { served, world, replica } = await serveSmall();
    const { remote, transport } = remoteSmall(() => [replica]);
    const close = async () => {
      transport.close();
      await served.close();
    };
    return { endpoint: remote, world, close };
  },
};

describe.each(Object.keys(places))('a subgraph %s', (where) => {
  let it: Place;
  beforeAll(async () => {
    it = await places[where]!();
  });
  afterAll(() => it.close());

  const context = (more: Partial<RequestContext> = {}): RequestContext => ({ actor, correlationId: 'req_1', ...more });
  const ask = (query: string, variables?: Record<string, unknown>, more?: Partial<RequestContext>) =>
    it.endpoint.execute({ query, variables }, context(more));
  const open = async (query: string, more?: Partial<RequestContext>) => {
    const source = await it.endpoint.subscribe({ query }, context(more));
    if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source));
    return source[Symbol.asyncIterator]();
  };

  /** The properties of an error that the gateway and commands read. */
  const facts = (error: GraphQLError) => {
    let root: Error = error;
    for (let inner = error.originalError; inner; inner = (inner as GraphQLError).originalError) root = inner;
    const { name, code, severity } = root as AgoraError;
    const isOurs = root instanceof AgoraError && !isTransient(root);
    return {
      isTransient: isTransient(root),
      isUnstorable: isUnstorable(root),
      path: error.path,
      // graphql-jit omits empty extensions.
      extensions: error.extensions ?? {},
      ...(isOurs && { name, code, message: root.message, severity }),
    };
  };

  test('serialises values of all scalars', async () => {
    const { data, errors } = await ask('{ values { __typename id at big amount any none } }');
    expect(errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      values: {
        __typename: 'Values',
        id: 'one',
        at: '2026-02-03T04:05:06.789Z',
        big: '9007199254740993',
        amount: '1234567890.123456',
        any: { list: [1, 'two', null], text: 'é✓\u2028"' },
        none: null,
      },
    });
  });

  test('parses values of all scalars', async () => {
    const variables = {
      at: '2026-02-03T05:05:06.789+01:00',
      big: '-9007199254740993',
      amount: '0.10',
      any: { a: [1] },
    };
    const query =
      'query ($at: DateTime, $big: BigInt, $amount: Decimal, $any: JSON) { echo(at: $at, big: $big, amount: $amount, any: $any) }';
    expect((await ask(query, variables)).data).toEqual({ echo: { ...variables, at: '2026-02-03T04:05:06.789Z' } });
  });

  test('resolves entities', async () => {
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Values { id bad } } }';
    const result = await ask(query, {
      of: [
        { __typename: 'Values', id: 'a' },
        { __typename: 'Values', id: 'b' },
      ],
    });
    expect(JSON.parse(JSON.stringify(result.data))).toEqual({
      _entities: [
        { id: 'a', bad: null },
        { id: 'b', bad: null },
      ],
    });
    expect(result.errors!.map(facts)).toEqual([
      expect.objectContaining({ code: 'FORBIDDEN', path: ['_entities', 0, 'bad'] }),
      expect.objectContaining({ code: 'FORBIDDEN', path: ['_entities', 1, 'bad'] }),
    ]);
  });

  test('runs the named operation', async () => {
    const query = 'query A { who } query B { values { id } }';
    expect((await it.endpoint.execute({ query, operationName: 'B' }, context())).data).toEqual({
      values: { id: 'one' },
    });
  });

  test('gets the caller and the correlation id of the request', async () => {
    const [claims, correlationId] = JSON.parse((await ask('{ who }')).data!.who as string);
    expect(claims).toEqual(JSON.parse(JSON.stringify(actor.claims())));
    expect(correlationId).toBe('req_1');
    expect(it.world.callers.at(-1)!.mayLag).toBeUndefined();
    await ask('{ who }', {}, { mayLag: true });
    expect(it.world.callers.at(-1)!.mayLag).toBe(true);
  });

  test.each([
    ['forbidden', { name: 'Forbidden', code: 'FORBIDDEN', message: 'This is not yours.' }],
    ['unauthenticated', { name: 'Unauthenticated', code: 'UNAUTHENTICATED' }],
    ['refusal', { name: 'Refusal', code: 'OUT_OF_STOCK', message: 'There is none left.' }],
    ['unavailable', { isTransient: true }],
    ['fault', { name: 'Fault', code: 'BROKEN', message: 'It is broken.', severity: 'CRITICAL' }],
    ['driver', { isTransient: true }],
    ['unstorable', { isTransient: false, isUnstorable: true }],
    ['defect', { isTransient: false, isUnstorable: false }],
    ['graphql', { extensions: { code: 'CURSOR_EXPIRED', oldest: 'c1' } }],
  ])('passes on an error: %s', async (how, expected) => {
    const { data, errors } = await ask('query ($how: String!) { fails(how: $how) }', { how });
    expect(data).toEqual({ fails: null });
    expect(errors!.map(facts)).toEqual([expect.objectContaining({ path: ['fails'], extensions: {}, ...expected })]);
  });

  test('passes on the error of an invalid variable', async () => {
    const { errors } = await ask('query ($at: DateTime) { echo(at: $at) }', { at: 'tomorrow' });
    expect(errors!.map(facts)).toEqual([expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } })]);
  });

  test('tells a command with an unknown value from a command that fails', async () => {
    const asking = createAsk('other', () => it.endpoint);
    const failing = async (document: string, variables: object) =>
      isNotUnderstood(await asking(command('small', document), variables).catch((error: unknown) => error));
    expect(await failing('query ($n: Int!) { large(characters: $n) }', { n: 'MANY' })).toBe(true);
    expect(await failing('query ($how: String!) { fails(how: $how) }', { how: 'fault' })).toBe(false);
    expect(await failing('query ($at: DateTime) { echo(at: $at) }', { at: 'tomorrow' })).toBe(false);
  });

  test('has no data when a non-null value is missing', async () => {
    const { data, errors } = await ask('{ sure }');
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
  });

  test('runs a mutation, and refuses in its payload', async () => {
    const before = it.world.counted;
    expect((await ask('mutation { count }')).data).toEqual({ count: before + 1 });
    expect(it.world.counted).toBe(before + 1);
    const { data } = await ask('mutation { refuse { userErrors { code message path } } }');
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      refuse: { userErrors: [{ code: 'NOT_FOUND', message: 'There is none.', path: ['input'] }] },
    });
  });

  test('takes large requests, and gives large answers', async () => {
    const { data } = await ask('{ large(characters: 3000000) }');
    expect((data!.large as string).length).toBe(3_000_000);
    const any = 'ü'.repeat(1_500_000);
    expect((await ask('query ($any: JSON) { echo(any: $any) }', { any })).data).toEqual({ echo: { any } });
  });

  test('answers many concurrent requests, each with its own answer', async () => {
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    const results = await Promise.all(numbers.map((any) => ask('query ($any: JSON) { echo(any: $any) }', { any })));
    expect(results.map(({ data }) => (data!.echo as { any: number }).any)).toEqual(numbers);
  });

  test('sees the abort of a caller that disconnects', async () => {
    const { waiting, aborted } = it.world;
    const leaving = new AbortController();
    const asked = ask('{ waits }', {}, { signal: leaving.signal }).catch((error: unknown) => error);
    await until('it waits', () => it.world.waiting === waiting + 1);
    leaving.abort(new Error('The caller has gone.'));
    await until('it is aborted', () => it.world.aborted === aborted + 1);
    await asked;
  });

  test('streams the events of a subscription to their end', async () => {
    const events: ExecutionResult[] = [];
    const source = await open('subscription { ticks(to: 250) { id at bad } }');
    for (let next = await source.next(); !next.done; next = await source.next()) events.push(next.value);
    expect(events).toHaveLength(250);
    expect(events.map(({ data }) => (data!.ticks as { id: string }).id)).toEqual(events.map((_, n) => String(n + 1)));
    expect(JSON.parse(JSON.stringify(events[9]!.data))).toEqual({
      ticks: { id: '10', at: '2026-02-03T04:05:06.789Z', bad: null },
    });
    expect(events[9]!.errors!.map(facts)).toEqual([
      expect.objectContaining({ code: 'FORBIDDEN', path: ['ticks', 'bad'] }),
    ]);
    await until('it is over', () => it.world.open === 0);
  });

  test('closes the source when the reader returns, though no event comes', async () => {
    const source = await open('subscription { silence }');
    expect(it.world.open).toBe(1);
    const waiting = source.next();
    await source.return!();
    await until('the source is let go', () => it.world.open === 0);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect((await source.next()).done).toBe(true);
  });

  test('answers the reason why a subscription cannot be opened', async () => {
    const opened = await it.endpoint.subscribe({ query: 'subscription { breaks }' }, context());
    expect((opened as ExecutionResult).errors!.map(facts)).toEqual([
      expect.objectContaining({ code: 'FORBIDDEN', message: 'You may not watch this.' }),
    ]);
  });
});
