import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { LocalCache } from '../../platform/cluster/cache.ts';
import { startGateway } from '../gateway.testing.ts';
import { LIMITS } from './limits.ts';
import { documentId } from './stored-documents.ts';

const ORDER = 'query Order($id: ID!) { order(id: $id) { id total } }';
const OTHER = '{ orders { id } }';
const ID = documentId(parse(ORDER));
const trusted = new Map([[ID, print(parse(ORDER))]]);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type It = Awaited<ReturnType<typeof startGateway>>;
const post = async (it: It, body: object) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${it.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
  return { status: response.status, data, code: errors?.[0]!.extensions.code };
};
const over = (it: It, payload: object): Promise<unknown> =>
  new Promise((resolve) => {
    const client = it.client();
    const told = (answer: unknown): void => {
      resolve(answer);
      void client.dispose();
    };
    client.subscribe(payload as never, { next: told, error: told, complete() {} });
  });
const FOUND = { order: { id: 'o1', total: 42 } };
const variables = { id: 'o1' };

describe('trusted documents', () => {
  let it: It;
  beforeAll(async () => {
    it = await startGateway({ limits: { ...LIMITS, documents: { trusted, trustedOnly: true } } });
  });
  afterAll(() => it.gateway.close());

  test('run by their ids, by POST, GET and WebSocket', async () => {
    expect(await post(it, { documentId: ID, variables })).toMatchObject({ status: 200, data: FOUND });
    const get = new URLSearchParams({ documentId: ID, variables: JSON.stringify(variables) });
    expect(await (await fetch(`${it.url}/graphql?${get}`)).json()).toEqual({ data: FOUND });
    expect(await over(it, { query: '', documentId: ID, variables })).toEqual({ data: FOUND });
  });

  test('run by their text, however it is laid out', async () => {
    expect(await post(it, { query: ORDER.replaceAll(' ', '\n  '), variables })).toMatchObject({ data: FOUND });
    expect(await over(it, { query: ORDER, variables })).toEqual({ data: FOUND });
  });

  test('are the only ones that run', async () => {
    it.world.calls.length = 0;
    expect(await post(it, { query: OTHER })).toMatchObject({ status: 400, code: 'OPERATION_NOT_TRUSTED' });
    expect(await post(it, { query: `${ORDER} ${OTHER}`, operationName: 'Order', variables })).toMatchObject({
      code: 'OPERATION_NOT_TRUSTED',
    });
    expect(await post(it, { documentId: 'sha256:none' })).toMatchObject({
      status: 400,
      code: 'PERSISTED_QUERY_NOT_FOUND',
    });
    expect(await post(it, { documentId: { toString: 1 } })).toMatchObject({ code: 'PERSISTED_QUERY_NOT_FOUND' });
    expect(await over(it, { query: OTHER })).toMatchObject([{ extensions: { code: 'OPERATION_NOT_TRUSTED' } }]);
    expect(it.world.calls).toEqual([]);
  });
});

describe('automatic persisted queries', () => {
  let it: It;
  beforeAll(async () => {
    const documents = { trusted, trustedOnly: false, cache: new LocalCache() };
    it = await startGateway({ limits: { ...LIMITS, documents } });
  });
  afterAll(() => it.gateway.close());
  const extensions = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: sha256(text) } });

  test('are sent once with their text, then without', async () => {
    const missed = await post(it, { extensions: extensions(OTHER) });
    expect(missed).toEqual({ status: 200, data: undefined, code: 'PERSISTED_QUERY_NOT_FOUND' });
    expect((await post(it, { query: OTHER, extensions: extensions(OTHER) })).data).toBeDefined();
    expect((await post(it, { extensions: extensions(OTHER) })).data).toEqual({ orders: [{ id: 'o1' }, { id: 'o2' }] });
  });

  test('are not stored under a hash that is not theirs', async () => {
    const refused = await post(it, { query: '{ __typename }', extensions: extensions(ORDER) });
    expect(refused).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect(await post(it, { extensions: extensions(ORDER), variables })).toMatchObject({
      code: 'PERSISTED_QUERY_NOT_FOUND',
    });
  });
});
