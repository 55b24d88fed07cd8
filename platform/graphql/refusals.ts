import { Refusal, refuse, type UserError } from '../errors.ts';

/** The result of a check; or undefined, with its user errors added to `errors`. @throws any error that is no refusal */
export function gather<T>(errors: UserError[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    errors.push(...error.userErrors);
    return undefined;
  }
}

/**
 * Runs several independent checks and returns their results, or refuses with the user errors of all of them: a form is
 * not sent once for each of its fields. @throws Refusal
 */
export function checkAll<const Checks extends readonly (() => unknown)[]>(
  ...checks: Checks
): { [Place in keyof Checks]: ReturnType<Checks[Place]> } {
  const errors: UserError[] = [];
  const given = checks.map((check) => gather(errors, check));
  if (errors.length > 0) throw new Refusal(errors);
  return given as { [Place in keyof Checks]: ReturnType<Checks[Place]> };
}

/** Optimistic locking: refuses another version than the caller saw, if given. @throws Refusal VERSION_CONFLICT */
export function checkVersion(current: number, expected: number | null | undefined): void {
  if (expected == null || expected === current) return;
  throw refuse(
    'VERSION_CONFLICT',
    `It was changed meanwhile: you saw version ${expected}, it is at version ${current}. Load it again and decide anew.`,
    ['input', 'expectedVersion'],
    { __typename: 'VersionConflict', currentVersion: current },
  );
}

/** Runs a write and maps the violation of a unique index, by its constraint's name, to the refusal for it. */
export async function orTaken<T>(write: () => Promise<T>, taken: Readonly<Record<string, Refusal>>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw taken[constraintOf(error)] ?? error;
  }
}

/**
 * Runs a write, and retries it once after the violation of a unique index: the other command has committed by then, so
 * the write's own checks find its row and name the path.
 */
export async function onceMoreIfTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!constraintOf(error)) throw error;
    return write();
  }
}

/** The violated constraint, of PostgreSQL's error 23505, also inside an ORM's. */
function constraintOf(error: unknown): string {
  let current = error as { code?: string; constraint?: string; cause?: unknown } | undefined;
  for (let depth = 0; current && depth < 4; depth++) {
    if (current.code === '23505' && current.constraint) return current.constraint;
    current = (current.cause ?? undefined) as typeof current;
  }
  return '';
}
