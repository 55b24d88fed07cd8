/** Passwords: argon2id with OWASP's parameters (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). */
import { hash, parseOptions, verify } from '@node-rs/argon2';

/** Parameters: 19 MiB, two passes, one lane. */
export const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The same characters are the same password, however a keyboard composes them (NIST SP 800-63B-4, 3.1.1.2). */
const normal = (password: string): string => password.normalize('NFKC');

/** Hashes a password. It takes tens of milliseconds on a thread of its own: never inside a transaction. */
export const hashPassword = (password: string): Promise<string> => hash(normal(password), ARGON2ID);

/**
 * Whether the password is the one that was hashed. Without an account, or without its password, it takes the same time,
 * so that a failed sign-in does not reveal which addresses are known.
 */
export async function isPassword(hashed: string | null | undefined, password: string): Promise<boolean> {
  const matches = await verify(hashed ?? DECOY, normal(password));
  return hashed != null && matches;
}

/** Whether it was hashed with other than the present parameters: the next sign-in rehashes it. */
export function isOutdated(hashed: string): boolean {
  const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(hashed);
  const today: Record<string, unknown> = ARGON2ID;
  return Object.entries({ algorithm, memoryCost, timeCost, parallelism }).some(
    ([name, value]) => today[name] !== value,
  );
}

/** A decoy hash with the same parameters, of 32 random bytes that were thrown away. */
export const DECOY =
  '$argon2id$v=19$m=19456,t=2,p=1$MEnXgmt+Xx1aSoTKaJCspQ$WsZgemUt+8T3jiVme0fsdq7Ofj9F2KfObtiEdwigNEc';
