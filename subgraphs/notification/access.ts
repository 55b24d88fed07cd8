import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Whose messages an actor sees: operators all, a customer its own. */
export const readableMessages = (actor: Actor): RowFilter =>
  actor.may('notification:personal') ? 'ALL' : ownMessages(actor);

/** The actor's own messages: its inbox, and those that it may mark as read. */
export const ownMessages = ({ customerId }: Actor): RowFilter => (customerId ? [{ customerId }] : 'NONE');
