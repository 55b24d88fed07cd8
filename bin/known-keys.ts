import { existsSync } from 'node:fs';
import type { Kysely } from 'kysely';
import type { Config } from '../platform/config/config.ts';
import { raw } from '../platform/data/raw.ts';
import { Fault } from '../platform/errors.ts';
import { deriveKey, type KeyRing, type SecretKey } from '../platform/secrets/key-ring.ts';
import { pathOf, keyRing, type KeyVariable } from './key-ring.ts';

/** The rings whose keys what is in a database cannot do without, and what is lost with them. */
const LOST = {
  EVENT_KEYS: 'events that no consumer has read yet are set aside then: docs/operations/events.md',
  SECRET_KEYS:
    'nobody can use their second factor then, but by `resetSecondFactor`, and payments that were not begun yet fail',
} as const;

/** A key that a database was used with. */
interface Mark {
  key_id: string;
  proof: string;
}

/**
 * The ring of keys, if it is the one that this database knows; the first one that a database is used with is the one that
 * it knows. So keys that are gone are missed at the start, where they can be put back, and are not quietly replaced.
 * @param mayReplace goes on with other keys, and without what the old ones opened
 * @throws {Fault} `KEYS_LOST`, `BAD_KEYS`
 */
export async function knownKeys(
  kysely: Kysely<any>,
  config: Pick<Config, KeyVariable | 'AGORA_DATA'>,
  variable: keyof typeof LOST,
  mayReplace = false,
): Promise<KeyRing> {
  const { rows } = await raw<Mark>(kysely, 'select key_id, proof from platform.key_mark where variable = $1', [
    variable,
  ]);
  const [mark] = rows;
  const from = config[variable] ? variable : pathOf(config, variable);
  // Before one is made, so that nothing stands in the way of the file's return.
  if (mark && !mayReplace && !config[variable] && !existsSync(from)) throw lost(`${from} is gone`, mark, variable);
  const ring = keyRing(config, variable);
  if (mark && !mayReplace && !ring.some((key) => key.id === mark.key_id && proofOf(key) === mark.proof))
    throw lost(`${from} does not hold it`, mark, variable);
  await remember(kysely, variable, ring[0]);
  return ring;
}

async function remember(kysely: Kysely<any>, variable: string, newest: SecretKey): Promise<void> {
  await raw(
    kysely,
    `insert into platform.key_mark (variable, key_id, proof) values ($1, $2, $3)
     on conflict (variable) do update set key_id = excluded.key_id, proof = excluded.proof
     where key_mark.proof <> excluded.proof`,
    [variable, newest.id, proofOf(newest)],
  );
}

const proofOf = ({ bytes }: SecretKey): string => deriveKey(bytes, 'key mark', 'database').toString('base64');

const lost = (what: string, { key_id }: Mark, variable: keyof typeof LOST): Fault =>
  new Fault(
    'KEYS_LOST',
    `This database was used with the key ${key_id} (${variable}), and ${what}. Put it back, from a backup or from where ` +
      `secrets are kept. If it is lost for good: npm start -- --new-keys goes on without (${LOST[variable]}).`,
  );
