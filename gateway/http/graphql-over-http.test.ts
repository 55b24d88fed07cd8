import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startGateway } from '../gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

/** https://github.com/graphql/graphql-over-http/blob/main/spec/GraphQLOverHTTP.md, as its reference tests understand it. */
describe('the audits of graphql-http', () => {
  const audits = serverAudits({ url: () => `${it.url}/graphql`, fetchFn: fetch });

  test.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (_, audit) => {
    const result = await audit.fn();
    if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
    expect(result.status).toBe('ok');
  });
});
