import type { Actor } from '../../platform/identity/actor.ts';

/** Staff see every saga; everybody else those about something that is theirs to see, which its owner is asked. */
export const seesEverySaga = (actor: Actor): boolean => actor.may('orchestration:read');
