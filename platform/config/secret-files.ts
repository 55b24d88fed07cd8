/**
 * Secrets from files: a variable that is a secret may be given as `NAME_FILE`, the path of a file with its value, as
 * Kubernetes and Docker mount secrets. So it is neither in the environment of the process, nor in that of its children.
 */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

/** What the environment of a process holds. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Marks a variable that is a secret, or is kept with one, and may be given as a file: `value.keys.optional().describe('…').meta(SECRET)`. */
export const SECRET = { isSecret: true } as const;

/** Whether a variable was marked with `SECRET`. */
export const isSecret = (field: unknown): boolean => z.globalRegistry.get(field as z.ZodType)?.isSecret === true;

/** The variable that holds the path of a secret's file. */
export const fileOf = (name: string): string => `${name}_FILE`;

/** Bytes that the file of a secret may have. */
const MOST_BYTES = 65_536;

/**
 * Reads those of these secrets that are given as files. Line ends at the end of a file are no part of its secret. Neither a
 * value nor a path is repeated in a problem: somebody may have given the secret in place of its path.
 * @returns the values by the names of the variables, without those that are not given as files; and the problems,
 *   each of which begins with the name of a variable
 */
export function readSecretFiles(
  environment: Environment,
  secrets: readonly string[],
): { values: Record<string, string>; problems: string[] } {
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of secrets) {
    const path = environment[fileOf(name)];
    if (!path) continue;
    if (environment[name]) {
      problems.push(`${name}: it is given, and so is ${fileOf(name)}; leave one of them out`);
      continue;
    }
    try {
      values[name] = secretIn(path);
    } catch (error) {
      problems.push(`${fileOf(name)}: ${(error as Error).message}`);
    }
  }
  return { values, problems };
}

/** The secret in a file. @throws Error that says what is wrong with the file */
function secretIn(path: string): string {
  let text: string;
  try {
    const about = statSync(path);
    if (!about.isFile()) throw new Error('the path is that of no regular file');
    if (about.size > MOST_BYTES) throw new Error(`the file is larger than a secret may be, ${MOST_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(problemOf(error as NodeJS.ErrnoException), { cause: error });
  }
  const secret = text.replace(/[\r\n]+$/, '');
  if (!secret) throw new Error('the file is empty');
  return secret;
}

function problemOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'there is no file at this path';
  if (code === 'EACCES') return 'this process may not read the file; give the right to read it to its user';
  return code ? `the file cannot be read (${code})` : message;
}
