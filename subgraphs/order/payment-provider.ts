import type { Config } from '../../platform/config/config.ts';
import { allowsSimulator, NO_PROVIDER } from '../../platform/config/trial-features.ts';
import { refuse } from '../../platform/errors.ts';

/**
 * Checks that there is a payment provider. The only one, the simulator, moves no money, so in production goods would be
 * given away: there it must be switched on.
 * @throws Refusal INVALID_INPUT
 */
export function checkProvider(config: Pick<Config, 'PAYMENT_SIMULATOR' | 'NODE_ENV'>): void {
  if (allowsSimulator(config)) return;
  throw refuse(
    'INVALID_INPUT',
    `${NO_PROVIDER} (The simulator, which moves no money, is off in production: PAYMENT_SIMULATOR=on asks for it.)`,
    ['input', 'payment', 'token'],
  );
}
