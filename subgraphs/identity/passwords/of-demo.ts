import { demoWorld } from '../../../platform/agent/demo.ts';
import { allowsDemo } from '../../../platform/config/trial-features.ts';
import type { Config } from '../../../platform/config/config.ts';
import { refuse } from '../../../platform/errors.ts';

/**
 * The password of the demo's accounts opens nothing where others come in: everybody knows it. It is asked of the
 * password and not of the account, so that it tells nothing of who is there. As it is compared, it is hashed: in NFKC.
 * @throws Refusal INVALID_CREDENTIALS
 */
export function checkNotOfDemo(password: string, config: Pick<Config, 'DEMO_DATA' | 'NODE_ENV'>): void {
  if (allowsDemo(config) || password.normalize('NFKC') !== demoWorld.password) return;
  throw refuse(
    'INVALID_CREDENTIALS',
    'The password of the demo’s accounts, which everybody knows, is refused in production.',
    ['input'],
  );
}
