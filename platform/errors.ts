/**
 * One hierarchy of errors, mapped once to GraphQL (`gateway/operations/mask-error.ts`). Three questions decide what a
 * thrown error is:
 *
 * - Can its user mend it? Then it is a {@link Refusal}: data in the payload (`userErrors`), not a GraphQL error.
 * - Is it about the caller's permission? {@link Unauthenticated}, {@link Forbidden}.
 * - Everything else is a {@link Fault}: our code, or a dependency, did not work.
 */

/** Severity of an error, for alerts. */
export type Severity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

/** Recovery from an error: retry, use a fallback, go on degraded, or fail. */
export type Recovery = 'RETRY' | 'FALLBACK' | 'DEGRADE' | 'FAIL';

/** Every error that Agora throws on purpose. `code` is what a program branches on, `message` is for a person. */
export class AgoraError extends Error {
  override readonly name: string = 'AgoraError';
  /** SCREAMING_SNAKE_CASE, stable over releases. */
  readonly code: string;
  /** @default 'MEDIUM' */
  readonly severity: Severity;
  /** @default 'FAIL' */
  readonly recovery: Recovery;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { severity?: Severity; recovery?: Recovery } = {},
  ) {
    super(message, options);
    this.code = code;
    this.severity = options.severity ?? 'MEDIUM';
    this.recovery = options.recovery ?? 'FAIL';
  }
}

/** The longest message: it may quote a caller's input, which is not sent back whole. */
const LONGEST_MESSAGE = 500;

/** Truncates a message to {@link LONGEST_MESSAGE}. */
export const shortened = (message: string): string =>
  message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1).toWellFormed()}…` : message;

/** An error that a user can cause and mend. Crosses the graph inside a payload's `userErrors`. */
export interface UserError {
  /** A value of the enum `ErrorCode`. */
  code: string;
  /** The problem and the remedy, for the person at the screen. */
  message: string;
  /** Path in the input: `['input', 'lines', '0', 'quantity']`. */
  path?: readonly string[];
  /** The concrete GraphQL type, if it has more fields than code and message. @default 'SimpleUserError' */
  __typename?: string;
  /** The fields of that concrete type. */
  [extra: string]: unknown;
}

/** The refusal of a use case: nothing was written. Holds at least one {@link UserError}. */
export class Refusal extends AgoraError {
  override readonly name = 'Refusal';
  readonly userErrors: readonly UserError[];

  constructor(userErrors: readonly UserError[]) {
    super(userErrors[0]?.code ?? 'REFUSED', userErrors.map((e) => e.message).join(' '), { severity: 'LOW' });
    this.userErrors = userErrors.map((each) => ({ ...each, message: shortened(each.message) }));
  }
}

/** A refusal with one user error: `throw refuse('NOT_FOUND', 'There is no such cart.', ['input', 'cartId'])`. */
export const refuse = (
  code: string,
  message: string,
  path?: readonly string[],
  extra: Record<string, unknown> = {},
): Refusal => new Refusal([{ code, message, path, ...extra }]);

/** The caller is not signed in, or their token is no longer valid. */
export class Unauthenticated extends AgoraError {
  override readonly name = 'Unauthenticated';
  constructor(message = 'Sign in first: send `authorization: Bearer <access token>`.') {
    super('UNAUTHENTICATED', message, { severity: 'LOW' });
  }
}

/** The caller is signed in, but has no permission. The message says what it needs. */
export class Forbidden extends AgoraError {
  override readonly name = 'Forbidden';
  constructor(message: string) {
    super('FORBIDDEN', message, { severity: 'LOW' });
  }
}

/** A failure of our code or a dependency: the database, another agent, a provider. Clients do not see its message. */
export class Fault extends AgoraError {
  override readonly name: string = 'Fault';
  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { severity?: Severity; recovery?: Recovery } = {},
  ) {
    super(code, message, { severity: 'HIGH', ...options });
  }
}

/** A transient fault: callers that can, retry. Never a reason for a compensation. */
export class Unavailable extends Fault {
  override readonly name = 'Unavailable';
  constructor(message: string, options: ErrorOptions = {}) {
    super('UNAVAILABLE', message, { ...options, recovery: 'RETRY' });
  }
}

/**
 * A permanent error of a command: a value that its agent does not accept, a text that cannot be stored. A retry changes
 * nothing.
 */
export class NeverWorks extends Fault {
  override readonly name = 'NeverWorks';
  constructor(message: string, options: ErrorOptions = {}) {
    super('NEVER_WORKS', message, options);
  }
}

const CONNECTION_CLASS = /^(08|53|57P|40001|40P01|55P03|25P0[34]|25006)/;
const SOCKET =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT))$/;
const DRIVER = /Connection terminated|not queryable|timeout exceeded when trying to connect|Cannot use a pool after/;

/** Error codes of PostgreSQL for a text that it cannot store: character_not_in_repertoire, untranslatable_character. */
const UNSTORABLE = new Set(['22021', '22P05']);

/** Whether PostgreSQL cannot store the caller's text: a NUL, half a surrogate pair. The caller can mend it. */
export function isUnstorable(error: unknown): boolean {
  const { code = '', detail = '' } = (error ?? {}) as { code?: string; detail?: string };
  // PostgreSQL reports half a pair within JSON as invalid JSON.
  return UNSTORABLE.has(code) || (code === '22P02' && /surrogate/i.test(detail));
}

/** The original error: GraphQL wraps it at each boundary. */
export function originOf(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < 10; depth++) {
    const inner = (current as { originalError?: unknown } | null | undefined)?.originalError;
    if (inner === undefined || inner === null) break;
    current = inner;
  }
  return current;
}

/** Codes of GraphQL errors that are our failures, or a dependency's. An error without a code is a defect. */
const OURS = new Set(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE', 'undefined']);

/** Whether the caller has caused the error: it is no failure of ours, nor of a dependency. */
export function isCallers(error: unknown): boolean {
  const cause = originOf(error);
  if (cause instanceof AgoraError) return !(cause instanceof Fault);
  if (isUnstorable(cause)) return true;
  return !OURS.has(String((cause as { extensions?: { code?: unknown } } | null | undefined)?.extensions?.code));
}

/** Properties that an error or its cause may have. */
interface Layer {
  code?: string;
  message?: string;
  cause?: unknown;
  recovery?: string;
  routine?: string;
}

/**
 * PostgreSQL's `protocol_violation`, a permanent error: our message cannot be read, and a retry would not help. A
 * pooler uses that code for any error, but does not name a routine of PostgreSQL.
 */
const isUnreadable = ({ code, routine }: Layer): boolean => code === '08P01' && routine !== undefined;

/** Whether the error is permanent: a retry changes nothing. */
export const isHopeless = (error: unknown): boolean => error instanceof NeverWorks || isUnstorable(error);

/**
 * Whether the error is transient, of the infrastructure and not of the work: a lost connection, a server that starts or
 * takes no writes for now, a deadlock, a transaction timeout. Such work is retried, never parked, refused or undone.
 */
export function isTransient(error: unknown): boolean {
  let current = error as Layer | undefined;
  for (let depth = 0; current && depth < 5; depth++) {
    if (current.recovery === 'RETRY') return true;
    const code = current.code ?? '';
    if (isUnreadable(current)) return false;
    if (CONNECTION_CLASS.test(code) || SOCKET.test(code) || DRIVER.test(current.message ?? '')) return true;
    current = current.cause as typeof current;
  }
  return false;
}
