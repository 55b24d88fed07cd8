import { Refusal, refuse, type UserError } from '../errors.ts';

/** What a check gives; or undefined, and what it says among the other errors. @throws what is no refusal */
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
 * Makes all of some checks that do not build on one another, and refuses with what all of them say: a form is not sent
 * once for each of its fields. What each has given. @throws Refusal
 */
export function checkAll<const Checks extends readonly (() => unknown)[]>(
  ...checks: Checks
): { [Place in keyof Checks]: ReturnType<Checks[Place]> } {
  const errors: UserError[] = [];
  const given = checks.map((check) => gather(errors, check));
  if (errors.length > 0) throw new Refusal(errors);
  return given as { [Place in keyof Checks]: ReturnType<Checks[Place]> };
}

/** Optimistic locking: goes on if the version is the one that the caller saw, or if it did not say. @throws Refusal VERSION_CONFLICT */
export function checkVersion(current: number, expected: number | null | undefined): void {
  if (expected == null || expected === current) return;
  throw refuse(
    'VERSION_CONFLICT',
    `It was changed meanwhile: you saw version ${expected}, it is at version ${current}. Load it again and decide anew.`,
    ['input', 'expectedVersion'],
    { __typename: 'VersionConflict', currentVersion: current },
  );
}

/** Runs a write and turns the violation of a unique index, named by its constraint, into the refusal for it. */
export async function orTaken<T>(write: () => Promise<T>, taken: Readonly<Record<string, Refusal>>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw taken[constraintOf(error)] ?? error;
  }
}

/**
 * Runs a write, and once more where somebody else was faster at what a unique index keeps: they have committed by then,
 * so that the write's own checks find it and name its place.
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
