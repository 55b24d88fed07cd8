import { describe, expect, test } from '@jest/globals';
import { AgoraError, Fault, Forbidden, isTransient, Refusal, refuse, Unauthenticated, Unavailable } from './errors.ts';

const coded = (code: string, message = ''): Error => Object.assign(new Error(message), { code });

describe('transient faults are', () => {
  test.each([
    ['a lost connection', '08006'],
    ['no connection', '08001'],
    ['too many connections', '53300'],
    ['a server that is shut down', '57P01'],
    ['a server that crashed', '57P02'],
    ['a server that starts', '57P03'],
    ['a serialisation failure', '40001'],
    ['a deadlock', '40P01'],
    ['a lock that is not had in time', '55P03'],
    ['a transaction that did nothing for too long', '25P03'],
    ['a transaction that took too long', '25P04'],
    ['a reset socket', 'ECONNRESET'],
    ['a refused socket', 'ECONNREFUSED'],
    ['a broken pipe', 'EPIPE'],
    ['a name server that does not answer', 'EAI_AGAIN'],
  ])('%s (%s)', (_, code) => {
    expect(isTransient(coded(code))).toBe(true);
  });

  test.each([
    'Connection terminated unexpectedly',
    'Client has encountered a connection error and is not queryable',
    'timeout exceeded when trying to connect',
    'Cannot use a pool after calling end on the pool',
  ])('errors of the driver without a code: %s', (message) => {
    expect(isTransient(new Error(message))).toBe(true);
  });

  test('an agent that cannot be reached, and any error with one of these as its cause', () => {
    expect(isTransient(new Unavailable('gone'))).toBe(true);
    expect(isTransient(new Error('fetch failed', { cause: coded('ECONNREFUSED') }))).toBe(true);
    expect(isTransient(new Fault('X', 'x', { cause: new Error('y', { cause: coded('40P01') }) }))).toBe(true);
  });
});

describe('no transient faults are', () => {
  test.each(['23505', '23503', '22P02', '42P01', '42601', '25P02', '57014', 'ENOENT', '', '1408'])(
    'the code %j',
    (code) => {
      expect(isTransient(coded(code))).toBe(false);
    },
  );

  test('refusals, denials, our own faults and defects', () => {
    const lasting = [
      refuse('A', 'a'),
      new Unauthenticated(),
      new Forbidden('This is not yours.'),
      new Fault('F', 'f'),
      new TypeError('t'),
    ];
    expect(lasting.filter(isTransient)).toEqual([]);
  });

  test.each([undefined, null, 'ECONNRESET', 42, {}])('thrown values that are no errors: %j', (thrown) => {
    expect(isTransient(thrown)).toBe(false);
  });

  test('an error that is its own cause, without an endless loop', () => {
    const error = new Error('round');
    error.cause = error;
    expect(isTransient(error)).toBe(false);
  });
});

test('a refusal has all errors that its user can mend, and is no GraphQL error', () => {
  const errors = [
    { code: 'A', message: 'One.', path: ['input', 'a'] },
    { code: 'B', message: 'Two.' },
  ];
  const refusal = new Refusal(errors);
  expect(refusal).toMatchObject({
    code: 'A',
    message: 'One. Two.',
    userErrors: errors,
    severity: 'LOW',
    recovery: 'FAIL',
  });
  expect(refuse('A', 'One.', ['input'], { available: 3 }).userErrors).toEqual([
    { code: 'A', message: 'One.', path: ['input'], available: 3 },
  ]);
});

test('errors have a name, a code, a severity and a recovery', () => {
  expect(new AgoraError('X', 'x')).toMatchObject({ severity: 'MEDIUM', recovery: 'FAIL' });
  expect(new Fault('X', 'x')).toMatchObject({ name: 'Fault', severity: 'HIGH', recovery: 'FAIL' });
  expect(new Unavailable('x')).toMatchObject({ name: 'Unavailable', code: 'UNAVAILABLE', recovery: 'RETRY' });
  expect(new Unauthenticated()).toMatchObject({ name: 'Unauthenticated', code: 'UNAUTHENTICATED' });
  expect(new Forbidden('This is not yours.')).toMatchObject({ name: 'Forbidden', code: 'FORBIDDEN' });
});
