/** The key rings of a database: signing of events and sealing of secrets take their keys from here. */
import { existsSync } from 'node:fs';
import type { Kysely } from 'kysely';
import type { Config } from '../../platform/config/config.ts';
import { raw } from '../../platform/data/raw.ts';
import { Fault } from '../../platform/errors.ts';
import { type EventSigner, eventSigner } from '../../platform/events/signing.ts';
import { deriveKey, type KeyRing, type SecretKey } from '../../platform/secrets/key-ring.ts';
import { type Secrets, secretsWith } from '../../platform/secrets/secrets.ts';
import { pathOf, keyRing, type KeyVariable } from '../../platform/secrets/key-files.ts';

/** The rings without which data in a database is lost, and what is lost with each. */
const LOST = {
  EVENT_KEYS: 'Events that no consumer has read yet are set aside then: docs/operations/events.md',
  SECRET_KEYS:
    'Nobody can use their second factor then, but by `resetSecondFactor`, and payments that were not begun yet fail.',
} as const;

type KnownVariable = keyof typeof LOST;
type KeyConfig = Pick<Config, KeyVariable | 'AGORA_DATA'>;

/** PostgreSQL's `insufficient_privilege`. */
const FORBIDDEN = '42501';

/**
 * A process's signer of events and its secrets, with their keys by {@link knownKeys}. @throws {Fault} as `knownKeys`
 */
export async function signerAndSecrets(
  kysely: Kysely<any>,
  config: KeyConfig,
  mayReplace = false,
): Promise<{ signer: EventSigner; secrets: Secrets }> {
  return {
    signer: eventSigner(await knownKeys(kysely, config, 'EVENT_KEYS', mayReplace)),
    secrets: secretsWith(await knownKeys(kysely, config, 'SECRET_KEYS', mayReplace)),
  };
}

/**
 * The ring of keys, if it is the one that this database knows; the first ring that a database is used with is the one
 * that it knows. So keys that are gone are missed at the start, where they can be put back, and are not quietly
 * replaced.
 * @param kysely of the database's owner, or of an agent's role
 * @param mayReplace goes on with other keys, and without the data of the old ones: for the owner
 * @throws {Fault} `KEYS_LOST`, `BAD_KEYS`, `ROLES_OUTDATED`
 */
export async function knownKeys(
  kysely: Kysely<any>,
  config: KeyConfig,
  variable: KnownVariable,
  mayReplace = false,
): Promise<KeyRing> {
  const requireIn = async (ring: readonly SecretKey[], what: string): Promise<void> => {
    const missing = await missingKey(kysely, variable, ring);
    if (missing !== null) throw lost(what, missing, variable);
  };
  const from = config[variable] ? variable : pathOf(config, variable);
  // Checked before a ring is made, so that the lost file can be put back.
  if (!mayReplace && !config[variable] && !existsSync(from)) await requireIn([], `${from} is gone`);
  const ring = keyRing(config, variable);
  if (mayReplace) await raw(kysely, 'delete from platform.key_mark where variable = $1', [variable]);
  await requireIn(ring, `${from} does not hold it`);
  return ring;
}

/** The id of the key that the database knows and the ring lacks; null if the database knows this ring. */
async function missingKey(
  kysely: Kysely<any>,
  variable: KnownVariable,
  ring: readonly SecretKey[],
): Promise<string | null> {
  try {
    const { rows } = await raw<{ missing: string | null }>(
      kysely,
      'select platform.missing_key($1, $2::text[], $3::text[]) as missing',
      [variable, ring.map(({ id }) => id), ring.map(proofOf)],
    );
    return rows[0]!.missing;
  } catch (error) {
    if ((error as { code?: unknown }).code !== FORBIDDEN) throw error;
    throw new Fault(
      'ROLES_OUTDATED',
      'The role of this process may not ask the database which keys it knows: run `npm run db:roles`, as at every ' +
        'release after `npm run db:migrate`, and give the process the address of an agent’s role.',
      { cause: error },
    );
  }
}

const proofOf = ({ bytes }: SecretKey): string => deriveKey(bytes, 'key mark', 'database').toString('base64');

const lost = (what: string, key: string, variable: KnownVariable): Fault =>
  new Fault(
    'KEYS_LOST',
    `This database was used with the key ${key} (${variable}), and ${what}. Put it back, from a backup or from where ` +
      'secrets are kept. If it is lost for good, go on without: `npm start -- --new-keys`, `npm run distributed -- ' +
      '--new-keys`, or, where agents are started one by one, as the database’s owner `delete from platform.key_mark ' +
      `where variable = '${variable}'\`. ${LOST[variable]}`,
  );
