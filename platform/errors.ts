/**
 * One hierarchy of errors, mapped once to GraphQL (`gateway/operations/mask-error.ts`). Three questions decide what a
 * thrown error is:
 *
 * - Can its user mend it? Then it is a {@link Refusal}: data in the payload (`userErrors`), not a GraphQL error.
 * - Is it about who asks? {@link Unauthenticated}, {@link Forbidden}.
 * - Everything else is a {@link Fault}: something of ours, or of what we stand on, did not work.
 */

/** How bad it is, for alerts. */
export type Severity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

/** What to do about it: try again, use the other way, go on with less, or give up. */
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

/** The longest message. What a caller sends may be in one, and is not sent back whole. */
const LONGEST_MESSAGE = 500;

/** The message, cut where it is longer than anybody reads. */
export const shortened = (message: string): string =>
  message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1).toWellFormed()}…` : message;

/** What a user can cause and mend. Crosses the graph inside a payload's `userErrors`. */
export interface UserError {
  /** A value of the enum `ErrorCode`. */
  code: string;
  /** What is wrong and what to do, for the person at the screen. */
  message: string;
  /** Where in the input: `['input', 'lines', '0', 'quantity']`. */
  path?: readonly string[];
  /** The concrete GraphQL type, where more than code and message helps. @default 'SimpleUserError' */
  __typename?: string;
  /** The fields of that concrete type. */
  [extra: string]: unknown;
}

/** A use case that says no: nothing was written. Holds at least one {@link UserError}. */
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

/** Nobody is signed in, or the token is no longer good. */
export class Unauthenticated extends AgoraError {
  override readonly name = 'Unauthenticated';
  constructor(message = 'Sign in first: send `authorization: Bearer <access token>`.') {
    super('UNAUTHENTICATED', message, { severity: 'LOW' });
  }
}

/** Somebody is signed in, who may not do this. */
export class Forbidden extends AgoraError {
  override readonly name = 'Forbidden';
  constructor(message = 'You do not have permission to do this.') {
    super('FORBIDDEN', message, { severity: 'LOW' });
  }
}

/** Ours, or of what we stand on: the database, another agent, a provider. Its message is not shown to clients. */
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

/** A fault that passes: whoever can, tries again. Never a reason to undo what was done. */
export class Unavailable extends Fault {
  override readonly name = 'Unavailable';
  constructor(message: string, options: ErrorOptions = {}) {
    super('UNAVAILABLE', message, { ...options, recovery: 'RETRY' });
  }
}

/**
 * A command that its agent can never carry out as it is: a value that it does not take, a text that cannot be stored. To
 * try it again changes nothing.
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

/** What PostgreSQL says of a text that it has no way to hold: character_not_in_repertoire, untranslatable_character. */
const UNSTORABLE = new Set(['22021', '22P05']);

/** Whether the error says that the caller's text cannot be kept: a NUL, half a surrogate pair. The caller's to mend. */
export function isUnstorable(error: unknown): boolean {
  const { code = '', detail = '' } = (error ?? {}) as { code?: string; detail?: string };
  // Half of a pair within JSON is told as JSON that cannot be read.
  return UNSTORABLE.has(code) || (code === '22P02' && /surrogate/i.test(detail));
}

/** What was thrown first: GraphQL wraps it at each border. */
export function originOf(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < 10; depth++) {
    const inner = (current as { originalError?: unknown } | null | undefined)?.originalError;
    if (inner === undefined || inner === null) break;
    current = inner;
  }
  return current;
}

/** Codes of GraphQL errors that are ours, or of what we stand on. One without a code was thrown by nobody on purpose. */
const OURS = new Set(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE', 'undefined']);

/** Whether whoever asked has caused it: no failure of ours, nor of what we stand on. */
export function isCallers(error: unknown): boolean {
  const cause = originOf(error);
  if (cause instanceof AgoraError) return !(cause instanceof Fault);
  if (isUnstorable(cause)) return true;
  return !OURS.has(String((cause as { extensions?: { code?: unknown } } | null | undefined)?.extensions?.code));
}

/** What an error may say of itself. */
interface Layer {
  code?: string;
  message?: string;
  cause?: unknown;
  recovery?: string;
  routine?: string;
}

/**
 * PostgreSQL's `protocol_violation`: the message that we sent cannot be read, and will not be at the next attempt. A
 * pooler calls whatever it has to say by that code too, and does not name a routine of PostgreSQL's.
 */
const isUnreadable = ({ code, routine }: Layer): boolean => code === '08P01' && routine !== undefined;

/** Whether it changes nothing to try the same again. */
export const isHopeless = (error: unknown): boolean => error instanceof NeverWorks || isUnstorable(error);

/**
 * Whether the error is of the infrastructure and not of the work: a lost connection, a server that starts or takes no
 * writes for now, a deadlock, a timeout of the transaction. Such work is tried again; it is never parked, refused or undone for it.
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
