import type { Logger } from '../log.ts';
import type { RuleOptions } from './rules.ts';

/**
 * Logs the errors and denials of a gate. A denied actor is logged by id, never by name. Denials of anonymous actors
 * have level debug, because a page that shows more to signed-in users is denied something each time.
 */
export const gateLog = (
  log: Pick<Logger, 'debug' | 'info' | 'error'>,
): Required<Pick<RuleOptions, 'onError' | 'onDenied'>> => ({
  onError: (error, rule) => log.error({ err: error, rule }, 'a rule failed, and so denied'),
  onDenied: ({ coordinates, actor, correlationId }) =>
    log[actor.isAuthenticated ? 'info' : 'debug'](
      { coordinates, actorId: actor.id, roles: [...actor.roles], correlationId },
      'the gate denied something',
    ),
});
