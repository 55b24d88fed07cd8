/** `npm run secrets:rotate [-- events]`: a new first key for sealing secrets, or for signing events. */
import { readConfig } from '../platform/config/config.ts';
import { rotateKeyRing } from '../platform/secrets/key-files.ts';

const [what = 'secrets'] = process.argv.slice(2);
try {
  if (what !== 'secrets' && what !== 'events') throw new Error(`"${what}" has no keys: say secrets or events.`);
  const ring = rotateKeyRing(readConfig(process.env), what === 'events' ? 'EVENT_KEYS' : 'SECRET_KEYS');
  console.log(`The new key of ${what} is ${ring[0].id}; ${ring.length - 1} older ones still serve. Start Agora again.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
