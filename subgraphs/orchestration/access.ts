import type { Actor } from '../../platform/identity/actor.ts';

/**
 * Who sees every saga: staff. Others see those of orders and imports that they may see, which the owning agents answer.
 */
export const seesEverySaga = (actor: Actor): boolean => actor.may('orchestration:read');
