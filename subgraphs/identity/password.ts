/** Passwords: argon2id with OWASP's parameters (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). */
import { hash, verify } from '@node-rs/argon2';

/** 19 MiB, two passes, one lane. */
export const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes a password. It takes tens of milliseconds on a thread of its own: never inside a transaction. */
export const hashPassword = (password: string): Promise<string> => hash(password, ARGON2ID);

/**
 * Whether the password is the one that was hashed. Where there is no account it costs the same time, so that a failed
 * sign-in does not tell which addresses are known.
 */
export async function isPassword(hashed: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(hashed ?? DECOY, password);
  return hashed !== undefined && matches;
}

/** A hash with the same parameters, of 32 random bytes that were thrown away. */
export const DECOY =
  '$argon2id$v=19$m=19456,t=2,p=1$MEnXgmt+Xx1aSoTKaJCspQ$WsZgemUt+8T3jiVme0fsdq7Ofj9F2KfObtiEdwigNEc';
