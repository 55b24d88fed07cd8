import { demoWorld } from '../../../platform/agent/demo.ts';
import { allowsDemo } from '../../../platform/config/trial-features.ts';
import type { Config } from '../../../platform/config/config.ts';
import { refuse } from '../../../platform/errors.ts';

/**
 * Refuses the public password of the demo's accounts in production. The check is on the password, not on the account,
 * so that it reveals no account. It compares in NFKC, as passwords are hashed.
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
