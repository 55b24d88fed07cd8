import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { unfolded } from './pem.ts';
import { Fault } from '../errors.ts';
import { type Tokens, tokensFrom } from '../identity/tokens.ts';
import { type KeyVariable, pathOf } from './key-files.ts';
import { tokenKeyPath } from './token-key.ts';

const RINGS = ['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS'] as const;
/** The one agent that signs access tokens. */
const SIGNS_TOKENS = 'identity';

type Keys = Pick<Config, (typeof RINGS)[number] | 'TOKEN_KEY' | 'TOKEN_PUBLIC_KEY'>;

/**
 * Checks that keys are configured: several processes must share them, and a generated one would be unknown to the
 * others. The private key of access tokens goes to identity alone. @throws Fault KEYS_MISSING, with their names and the
 * remedy
 */
export function requireGivenKeys(config: Keys, agents: readonly string[]): void {
  const ofTokens = agents.includes(SIGNS_TOKENS) || config.TOKEN_KEY ? 'TOKEN_KEY' : 'TOKEN_PUBLIC_KEY';
  const missing = [...RINGS, ofTokens].filter((name) => !config[name as keyof Keys]);
  if (missing.length === 0) return;
  throw new Fault(
    'KEYS_MISSING',
    `${missing.join(', ')} must be given: the processes of one Agora share their keys, and none makes its own. ` +
      'Make a set once with `npm run --silent secrets:new`, and give it to all.',
  );
}

/**
 * Checks that a command has the keys of Agora's processes, configured or in the files that `npm start` keeps: one that
 * it made itself would be unknown to them. @throws {Fault} `KEYS_MISSING`, with their names and the remedy
 */
export function requireKeysOfProcesses(
  config: Keys & Pick<Config, 'AGORA_DATA'>,
  variables: readonly (KeyVariable | 'TOKEN_KEY')[],
): void {
  const fileOf = (variable: KeyVariable | 'TOKEN_KEY'): string =>
    variable === 'TOKEN_KEY' ? tokenKeyPath(config) : pathOf(config, variable);
  const missing = variables.filter((variable) => !config[variable] && !existsSync(fileOf(variable)));
  if (missing.length === 0) return;
  throw new Fault(
    'KEYS_MISSING',
    `Give ${missing.join(', ')}, as Agora's processes have them, or name in AGORA_DATA the folder where \`npm start\` keeps ` +
      `them: there are none in ${config.AGORA_DATA}. Where nothing was started yet, \`npm start\` makes them there; ` +
      'for many processes make a set once with `npm run --silent secrets:new`, and give it to all.',
  );
}

/** Access tokens with the configured key: without the private one they are only verified. */
export const givenTokens = ({ TOKEN_KEY, TOKEN_PUBLIC_KEY }: Keys): Tokens =>
  tokensFrom(unfolded((TOKEN_KEY ?? TOKEN_PUBLIC_KEY)!));
