/** A value, or the problem that kept it from being evaluated. */
export interface Attempt {
  readonly value: unknown;
  /** Null if there is none. */
  readonly problem: string | null;
}

/** Evaluates, and makes an error of the evaluation part of the result: a missing fact, an overflow. */
export function attempt(evaluate: () => unknown): Attempt {
  try {
    return { value: evaluate(), problem: null };
  } catch (error) {
    const { summary, message } = error as { summary?: string; message: string };
    return { value: undefined, problem: problemIn(summary ?? message) };
  }
}

/** The problem as a sentence. cel-js calls a fact without a value an unknown variable: the names were checked before. */
function problemIn(summary: string): string {
  const missing = /^Unknown variable: (.+)$/.exec(summary)?.[1];
  return missing === undefined ? sentence(summary) : `The fact ${missing} is not known.`;
}

/** A message of cel-js as a sentence. */
export const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
