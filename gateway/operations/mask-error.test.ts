import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from '../gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

interface Failed {
  data?: unknown;
  errors: { message: string; path?: unknown; locations?: unknown; extensions: Record<string, unknown> }[];
}
const ask = async (query: string, variables?: object): Promise<{ text: string; status: number; body: Failed }> => {
  const response = await it.post(query, { variables, headers: { 'x-correlation-id': 'corr' } });
  const text = await response.text();
  return { text, status: response.status, body: JSON.parse(text) };
};

describe('an error that a client reads', () => {
  test('tells nothing of a fault: the log has it, under the same correlation id', async () => {
    it.world.logged.length = 0;
    const { text, body } = await ask('{ fault order(id: "o1") { id } }');
    expect(body.data).toEqual({ fault: null, order: { id: 'o1' } });
    expect(body.errors).toEqual([
      {
        message: 'Something went wrong on our side.',
        path: ['fault'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'corr' },
      },
    ]);
    expect(text).not.toMatch(/db-3|trouble|DISK_FULL|stack/);
    expect(it.world.logged).toMatchObject([
      { level: 'error', fields: { correlationId: 'corr', agent: 'trouble', err: { code: 'DISK_FULL' } } },
      {
        level: 'info',
        fields: { correlationId: 'corr', operation: '{ fault }', actor: 'anonymous', outcome: 'failed' },
      },
    ]);
  });

  test('tells nothing of a resolver that crashes deep down', async () => {
    const { text, body } = await ask('{ thrown { deep } }');
    expect(body.errors[0]).toMatchObject({ path: ['thrown', 'deep'], extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(text).not.toContain('Cannot read');
  });

  test('tells nothing of an agent that breaks its own contract', async () => {
    const { text, body } = await ask('{ thrown { needed } }');
    expect(body.errors[0]).toMatchObject({ extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(text).not.toContain('non-null');
  });

  test('is UNAVAILABLE, when trying again may help', async () => {
    const { text, body } = await ask('{ away }');
    expect(body.errors[0]!.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterSeconds: 2, correlationId: 'corr' });
    expect(body.errors[0]!.message).toMatch(/^Agora cannot do this right now\. .*idempotencyKey.*\.$/);
    expect(text).not.toContain('db-3');
  });

  test('is told in full, when it is about permissions', async () => {
    const { body } = await ask('{ forbidden }');
    expect(body.errors[0]).toMatchObject({
      message: 'This order belongs to somebody else.',
      path: ['forbidden'],
      extensions: { code: 'FORBIDDEN' },
    });
    expect(body.errors[0]!.extensions.serviceName).toBeUndefined();
  });

  test('is the standard message with a code, for a document that does not parse or validate', async () => {
    const parse = await ask('{ order(');
    expect(parse.body.errors[0]).toMatchObject({
      message: expect.stringContaining('Syntax Error'),
      extensions: { code: 'GRAPHQL_PARSE_FAILED' },
    });
    const validate = await ask('{ nothing }');
    expect(validate.body.errors[0]).toMatchObject({
      message: expect.stringContaining('Cannot query field "nothing"'),
      locations: [{ line: 1, column: 3 }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });

  test('is BAD_USER_INPUT for a variable of a wrong type, and nothing runs', async () => {
    it.world.calls.length = 0;
    const { body } = await ask('mutation($n: String!) { place(name: $n) { id } }', { n: 5 });
    expect(body.data).toBeUndefined();
    expect(body.errors[0]!.extensions.code).toBe('BAD_USER_INPUT');
    expect(it.world.calls).toEqual([]);
  });

  test('gives the place of a wrong value in a variable, and repeats neither the value nor its neighbours', async () => {
    const { body } = await ask('mutation($n: String!) { place(name: $n) { id } }', { n: { password: 'open sesame' } });
    expect(body.errors[0]!.message).toMatch(/^Variable "\$n" got invalid value; String cannot represent/);
    const deep = await ask('query($v: [Even!]) { evens(values: $v) }', { v: [2, 'x'.repeat(1_000_000), 3] });
    expect(deep.body.errors[1]!.message).toBe(
      'Variable "$v" got invalid value at "v[2]"; Expected type "Even". 3 is not even.',
    );
    expect(deep.text.length).toBeLessThan(5000);
  });

  test('is cut, where it repeats long input', async () => {
    const { text } = await ask(`{ even(value: "${'x'.repeat(10_000)}") }`);
    expect(text.length).toBeLessThan(2000);
    const unknown = await ask(`{ ${'x'.repeat(3000)} }`);
    expect(unknown.body.errors[0]!.message).toMatch(/^Cannot query field "x{400,}…$/);
    const response = await fetch(`${it.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ ping }', ['x'.repeat(10_000)]: 1 }),
    });
    expect(response.status).toBe(400);
    expect((await response.text()).length).toBeLessThan(2000);
  });

  test("says what is wrong with a value of an agent's own scalar, as a literal and as a variable", async () => {
    const literal = await ask('{ even(value: "3") }');
    expect(literal.body.errors[0]).toMatchObject({
      locations: [{ line: 1, column: 15 }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    const variable = await ask('query($v: Even!) { even(value: $v) }', { v: 3 });
    expect(variable.body.errors[0]).toMatchObject({
      message: expect.stringContaining('3 is not even.'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect((await ask('query($v: Even!) { even(value: $v) }', { v: 4 })).body.data).toEqual({ even: 4 });
  });

  test('is BAD_REQUEST for a body that is no JSON, and 415 for another content type', async () => {
    const send = (body: string, type: string): Promise<Response> =>
      fetch(`${it.url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
    const broken = await send('{', 'application/json');
    expect(broken.status).toBe(400);
    expect(((await broken.json()) as Failed).errors[0]!.extensions.code).toBe('BAD_REQUEST');
    expect((await send('query={ping}', 'application/x-www-form-urlencoded')).status).toBe(415);
  });
});
