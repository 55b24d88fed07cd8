/** `npm run secrets:rotate [-- events|tokens]`: a new first key for sealing secrets, for events or for access tokens. */
import { type Config, readConfig } from '../platform/config/config.ts';
import { rotateKeyRing } from '../platform/secrets/key-files.ts';
import { rotateTokenKey } from '../platform/secrets/token-key.ts';

const ROTATIONS: Record<string, (config: Config) => readonly { id?: string }[]> = {
  secrets: (config) => rotateKeyRing(config, 'SECRET_KEYS'),
  events: (config) => rotateKeyRing(config, 'EVENT_KEYS'),
  tokens: rotateTokenKey,
};

const [what = 'secrets'] = process.argv.slice(2);
try {
  if (!Object.hasOwn(ROTATIONS, what)) throw new Error(`"${what}" has no keys: say secrets, events or tokens.`);
  const ring = ROTATIONS[what]!(readConfig(process.env));
  console.log(
    `The new key of ${what} is ${ring[0]!.id}; ${ring.length - 1} older ones still serve. Start Agora again.`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
