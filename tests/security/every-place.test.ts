/**
 * Every place of every operation where a client gives a value, with odd values in it: written out, in a variable, as a
 * variable's default; null by a variable whose default lets it through; a list for one, one for a list, nothing. Each
 * is the client's mistake: no error is a fault of ours, no line is in the error log, and no operation counts as failed.
 * AGORA_SEED draws other values; AGORA_OPERATIONS=1000 tries all of them in each place.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getNamedType, getNullableType, isListType, isNonNullType } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { LIMITS } from '../../gateway/limits/limits.ts';
import { CLIENT_CODES } from '../../gateway/operations/mask-error.ts';
import { createGateway, type Gateway } from '../../gateway/server.ts';
import { metricsText } from '../../platform/telemetry/metrics.ts';
import { valuesOf } from '../federation/values.ts';
import { idsIn, openWorld } from '../federation/world.ts';
import { admin, type TestAgents } from '../support/agents.ts';
import {
  ABSENT,
  type Given,
  Literal,
  operationAt,
  type Place,
  placesOf,
  rootsOf,
  written,
} from '../support/every-place.ts';
import { type Good, goodValue, nastyLeaves } from '../support/nasty-values.ts';
import { Chance } from '../support/random.ts';

const SEED = Number(process.env.AGORA_SEED ?? 7);
/** Number of odd values that are tried in a place. */
const TRIES = Number(process.env.AGORA_OPERATIONS ?? 1);
/** Requests under way at once. */
const AT_ONCE = 4;
/** How long the first event of a subscription is waited for, in milliseconds: longer, if there must be one. */
const patience = (isTold: boolean): number => (isTold ? 30_000 : 60);

interface Answered {
  data?: Record<string, { userErrors?: { code: string; path: string[] | null }[] } | null> | null;
  errors?: Told[];
}

interface Told {
  message: string;
  path?: unknown;
  extensions: { code?: string };
}

let agents: TestAgents;
let gateway: Gateway;
let url: string;
let good: (place: Pick<Place, 'field'>) => Good;
const logged: object[] = [];
const chance = new Chance(SEED);

beforeAll(async () => {
  agents = await openWorld();
  const tell = (fields: object): void => void logged.push(fields);
  gateway = await createGateway({
    subgraphs: agents.host.subgraphs,
    authenticate: async () => ({ actor: admin }),
    log: { debug() {}, info() {}, warn: tell, error: tell },
    isReady: () => ({ ready: true, details: {} }),
    limits: { ...LIMITS, rates: undefined },
  });
  gateway.server.listen(0, '127.0.0.1');
  await once(gateway.server, 'listening');
  url = `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}/graphql`;
  const ids = await idsIn(gateway.schema, (query) => post(query, {}) as never);
  let keys = 0;
  good =
    ({ field }) =>
    (scalar, name) =>
      name === 'idempotencyKey' ? `odd ${keys++}` : valuesOf(ids)(scalar, name, getNamedType(field.type).name)[0];
});
afterAll(async () => {
  await gateway?.close();
  await agents?.close();
});

/** The answer; for a subscription, its first event. */
async function post(query: string, variables: object, isTold = true): Promise<Answered> {
  const accept = query.startsWith('subscription') ? 'text/event-stream' : 'application/json';
  const headers = { 'content-type': 'application/json', accept };
  const leaving = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
    signal: leaving.signal,
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.json() as never;
  let text = '';
  const read = (async () => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      const data = /^data: ?(.+)\n/m.exec(text)?.[1];
      if (data) return JSON.parse(data) as { errors?: Told[] };
    }
    return {};
  })().catch(() => ({}));
  const silence = new Promise<object>((resolve) => setTimeout(() => resolve({}), patience(isTold)));
  const heard = await Promise.race([read, silence]);
  leaving.abort();
  return heard;
}

async function get(query: string, variables: object): Promise<{ errors?: Told[] }> {
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  return (await fetch(`${url}?${parameters}`)).json() as never;
}

async function failures(): Promise<number> {
  const lines = (await metricsText()).text.split('\n');
  const counted = lines.filter((line) => /^agora_graphql_operations_total.*"failed"/.test(line));
  return counted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** One operation to try. */
interface Try {
  what: string;
  query: string;
  variables: Record<string, unknown>;
  /** The code that it must be refused with, where there is but one right answer. */
  code?: string;
}

/** Every way to give an odd value in one place. */
function triesAt(place: Place): Try[] {
  const { field, path, type } = place;
  const at = `${place.kind} ${field.name}(${path.join('.')}: ${String(type)})`;
  const own = good(place);
  const name = path.findLast((step) => step !== '[]')!;
  const bare = getNullableType(type);
  const fine = goodValue(bare, name, own, 1);
  const of = (what: string, given: Given, variables: Record<string, unknown> = {}, code?: string): Try => ({
    what: `${at}, ${what}`,
    query: operationAt(place, given, own),
    variables,
    code,
  });
  const variable = new Literal('$x');
  const leaves = nastyLeaves(type);
  const some = (): unknown[] => (leaves.length > TRIES ? chance.some(leaves, TRIES) : leaves);
  const odd = isListType(bare) ? fine : [[fine], [[null]]];
  const isNeeded = isNonNullType(type);
  return [
    ...some().flatMap((value) => [
      of('in a variable', { declared: `$x: ${String(type)}`, value: variable }, { x: value }),
      of('written out', { value: new Literal(written(value, type)) }),
      of('as a default', { declared: `$x: ${String(bare)} = ${written(value, bare)}`, value: variable }),
    ]),
    of(
      'null by a variable that may be null',
      { declared: `$x: ${String(bare)} = ${written(fine, bare)}`, value: variable },
      { x: null },
      isNeeded ? 'BAD_USER_INPUT' : undefined,
    ),
    of('the default of such a variable', { declared: `$x: ${String(bare)} = ${written(fine, bare)}`, value: variable }),
    of('null written out', { value: null }, {}, isNeeded ? 'GRAPHQL_VALIDATION_FAILED' : undefined),
    of('nothing', { value: ABSENT }),
    of('a list for one, or one for a list', { value: isListType(bare) ? (fine as unknown[])[0] : odd }),
    of(
      'the same in a variable',
      { declared: `$x: ${String(type)}`, value: variable },
      { x: isListType(bare) ? (fine as unknown[])[0] : odd },
    ),
  ];
}

/** Null for each condition, `@skip` and `@include`. */
function conditionsAt({ kind, field }: Pick<Place, 'kind' | 'field'>): Try[] {
  const place = { kind, field, path: [''], type: undefined as never };
  const code = kind === 'subscription' ? 'GRAPHQL_VALIDATION_FAILED' : 'BAD_USER_INPUT';
  const isObject = operationAt(place, { value: ABSENT }, good({ field })).includes('__typename');
  return ['skip', 'include'].flatMap((name) => {
    const on = `@${name}(if: $x)`;
    const of = (conditions: Given['conditions'], expected: string): Try => ({
      what: `${kind} ${field.name} ${JSON.stringify(conditions)}`,
      query: operationAt(place, { declared: '$x: Boolean = true', value: ABSENT, conditions }, good({ field })),
      variables: { x: null },
      code: expected,
    });
    if (!isObject) return [of({ root: on }, code)];
    return [
      of({ root: on }, code),
      of({ below: on }, 'BAD_USER_INPUT'),
      of({ below: `... ${on} { __typename }` }, 'BAD_USER_INPUT'),
    ];
  });
}

/** Sends them all, so many at once, and returns those that were not answered as they should be. */
async function wrongOf(tries: readonly Try[], send: (one: Try) => Promise<{ errors?: Told[] }>): Promise<object[]> {
  const before = await failures();
  logged.length = 0;
  const wrong: object[] = [];
  const left = tries.values();
  const work = async (): Promise<void> => {
    for (const one of left) {
      const { errors = [] } = await send(one);
      const codes = errors.map(({ extensions }) => String(extensions?.code));
      const ours = codes.filter((code) => !CLIENT_CODES.has(code));
      const isRight = one.code === undefined || codes.includes(one.code);
      if (ours.length === 0 && isRight && logged.length === 0) continue;
      const { what, query, variables } = one;
      const told = JSON.stringify(logged.splice(0).map((fields) => String((fields as { err?: unknown }).err)));
      wrong.push({
        what,
        query: query.slice(0, 600),
        variables: JSON.stringify(variables).slice(0, 200),
        errors: errors.slice(0, 3),
        told,
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if ((await failures()) > before && wrong.length === 0) wrong.push({ failed: (await failures()) - before });
  return wrong;
}

test('no value in any place of any operation is a fault of ours', async () => {
  const places = placesOf(gateway.schema);
  const tries = places.flatMap(triesAt);
  const wrong = await wrongOf(tries, (one) => post(one.query, one.variables, one.code !== undefined));
  process.stdout.write(`${tries.length} odd values in ${places.length} places: AGORA_SEED=${SEED}\n`);
  expect({ seed: SEED, found: wrong.length, wrong: wrong.slice(0, 15) }).toEqual({ seed: SEED, found: 0, wrong: [] });
  // Each place at least once for each of its forms, and no fewer places than arguments are declared.
  expect(tries.length).toBeGreaterThanOrEqual(places.length * 6);
  const declared = rootsOf(gateway.schema).reduce((sum, { field }) => sum + field.args.length, 0);
  expect(places.length).toBeGreaterThan(declared);
});

test('no name and no reason that a client gives is stored with a control character in it', async () => {
  const places = placesOf(gateway.schema).filter(
    ({ kind, path, type }) =>
      kind === 'mutation' && ['name', 'reason'].includes(path.at(-1)!) && getNamedType(type).name === 'String',
  );
  const otherwise: string[] = [];
  for (const place of places) {
    const { field, path, type } = place;
    const at = `${field.name}(${path.join('.')})`;
    const given = { declared: `$x: ${String(type)}`, value: new Literal('$x') };
    const answer = await post(operationAt(place, given, good(place)), { x: 'bell \u0007' });
    const said = answer.data?.[field.name]?.userErrors ?? [];
    const where = path.map((step) => (step === '[]' ? '0' : step)).join('.');
    if (said.some((error) => error.code === 'INVALID_INPUT' && error.path?.join('.') === where)) continue;
    otherwise.push(said.length > 0 || answer.errors?.length ? at : `${at} is taken`);
  }
  // Texts are checked first, so that no other refusal comes before.
  expect(otherwise).toEqual([]);
  expect(places.length).toBeGreaterThan(20);
});

test('null for a condition is refused at once, wherever it stands', async () => {
  const roots = rootsOf(gateway.schema);
  const tries = roots.flatMap(conditionsAt);
  const wrong = await wrongOf(tries, (one) => post(one.query, one.variables, one.code !== undefined));
  process.stdout.write(`${tries.length} conditions at ${roots.length} fields\n`);
  expect(wrong).toEqual([]);
  expect(tries.length).toBeGreaterThanOrEqual(roots.length * 2);
});

test('the same by GET and over a WebSocket', async () => {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const overSocket = ({ query, variables, code }: Try) =>
    new Promise<{ errors?: Told[] }>((resolve) => {
      const stop = client.subscribe(
        { query, variables },
        {
          next: (answer) => resolve(answer as never),
          error: (error) =>
            resolve({ errors: Array.isArray(error) ? error : [{ message: String(error), extensions: {} }] }),
          complete: () => resolve({}),
        },
      );
      if (query.startsWith('subscription'))
        setTimeout(() => (stop(), resolve({})), patience(code !== undefined)).unref();
    });
  const byField = Map.groupBy(placesOf(gateway.schema), ({ kind, field }) => `${kind} ${field.name}`);
  const tries = [...byField.values()].flatMap((places) => chance.some(triesAt(chance.one(places)), 3));
  const roots = rootsOf(gateway.schema).flatMap((root) => conditionsAt(root).slice(0, 1));
  const queries = [...tries, ...roots].filter(({ query }) => query.startsWith('query') && query.length < 5000);
  expect(await wrongOf(queries, ({ query, variables }) => get(query, variables))).toEqual([]);
  expect(
    await wrongOf(
      [...tries, ...roots].filter(({ query, variables }) => query.length + JSON.stringify(variables).length < 200_000),
      overSocket,
    ),
  ).toEqual([]);
  await client.dispose();
  process.stdout.write(`${queries.length} by GET, ${tries.length + roots.length} over a WebSocket\n`);
  expect(queries.length).toBeGreaterThan(0);
});
