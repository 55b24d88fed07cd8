import type { Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';

const SHARED = ['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS', 'TOKEN_KEY'] as const;

/**
 * Among several processes all must have the same keys. One that made its own would be understood by nobody, so they must
 * be given. @throws Fault KEYS_MISSING, which names them and says how to make them
 */
export function requireGivenKeys(config: Pick<Config, (typeof SHARED)[number]>): void {
  const missing = SHARED.filter((name) => !config[name]);
  if (missing.length === 0) return;
  throw new Fault(
    'KEYS_MISSING',
    `${missing.join(', ')} must be given: the processes of one Agora share their keys, and none makes its own. ` +
      'Make a set once with `npm run secrets:new`, and give it to all.',
  );
}
