import { expect, test } from '@jest/globals';
import { createLogger } from './log.ts';

/** A logger, and the lines that it wrote. */
function logger(trace?: () => object) {
  const lines: string[] = [];
  return { lines, log: createLogger('debug', { to: { write: (line) => void lines.push(line) }, trace }) };
}

const PLANTED = [
  'hunter2-hunter2',
  'ada@example.org',
  'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl',
  '4242424242424242',
  '5555 5555 5555 4444',
  'abc.def.ghi-jkl',
];

test.each([
  ['a field', { password: PLANTED[0], email: PLANTED[1], accessToken: PLANTED[2], cardNumber: PLANTED[3] }],
  ['a field deep down', { request: { body: { input: { refreshToken: PLANTED[2], clientSecret: PLANTED[0] } } } }],
  ['a header', { headers: { Authorization: `Bearer ${PLANTED[2]}`, cookie: PLANTED[5], 'X-Api-Key': PLANTED[0] } }],
  ['a list', { users: [{ email: PLANTED[1] }], tokens: [{ token: PLANTED[2] }] }],
  ['a text', { note: `${PLANTED[1]} paid with ${PLANTED[4]}`, url: `postgres://agora:${PLANTED[0]}@db:5432/agora` }],
  ['an error', { err: new Error(`Key (email_key)=(${PLANTED[1]}) already exists`) }],
  ['an error behind an error', { err: new Error('failed', { cause: new Error(`Bearer ${PLANTED[5]}`) }) }],
  ['an error that is no `err`', { reasons: [Object.assign(new Error(PLANTED[1]), { connection: PLANTED[0] })] }],
])('secrets in %s are not printed', (_, fields) => {
  const { log, lines } = logger();
  log.info(fields, 'logged by mistake');
  expect(lines).toHaveLength(1);
  for (const secret of PLANTED) expect(lines[0]).not.toContain(secret);
  expect(lines[0]).toContain('[redacted]');
});

test('secrets in a message, or in the bindings of a child, are not printed', () => {
  const { log, lines } = logger();
  log.warn(`${PLANTED[1]} could not sign in with ${PLANTED[3]}`);
  log.child({ token: PLANTED[2], agent: 'order' }).info('a line of a child');
  expect(lines.join('')).not.toMatch(/ada@|4242|eyJ/);
  expect(JSON.parse(lines[1]!)).toMatchObject({ agent: 'order', token: '[redacted]' });
});

test('ids, amounts, times and codes are printed as they are', () => {
  const { log, lines } = logger();
  const fields = {
    correlationId: 'req_01h455vb4pex5vsknk084sn02q',
    orderId: 'order_01h455vb4pex5vsknk084sn02q',
    minor: '4242424242424',
    at: 1_763_600_000_000,
    position: '1763600000000',
    code: 'PAYMENT_DECLINED',
    idempotencyKey: 'key_1',
    token: null,
    count: 3,
  };
  log.info(fields, 'an operation ended');
  expect(JSON.parse(lines[0]!)).toMatchObject(fields);
});

test('an error is printed with its code and its causes, and without its other properties', () => {
  const { log, lines } = logger();
  const err = Object.assign(new Error('no', { cause: new Error('deep down') }), { code: '23505', client: { a: 1 } });
  log.error({ err }, 'failed');
  const { err: printed } = JSON.parse(lines[0]!);
  expect(printed).toMatchObject({ type: 'Error', message: 'no', code: '23505', cause: { message: 'deep down' } });
  expect(printed.client).toBeUndefined();
});

test('a line has the fields of the current trace', () => {
  const { log, lines } = logger(() => ({ traceId: 'abc' }));
  log.info('a line');
  expect(JSON.parse(lines[0]!)).toMatchObject({ traceId: 'abc', msg: 'a line' });
});
