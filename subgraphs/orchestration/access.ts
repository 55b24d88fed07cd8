import type { Actor } from '../../platform/identity/actor.ts';

/**
 * Which sagas an actor sees: staff all, others those of orders and imports that they may see, as their agents answer.
 */
export const seesEverySaga = (actor: Actor): boolean => actor.may('orchestration:read');
