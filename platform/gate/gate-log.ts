import type { Logger } from '../log.ts';
import type { RuleOptions } from './rules.ts';

/**
 * Writes to the log what a gate has to tell. Who was denied is told by id and never by name; of nobody it is told only to
 * who debugs, because a page that shows more to those who have signed in is denied something each time.
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
