/**
 * Verbs of the graph's mutations. Take one of these before adding another: a client that knows one agent's words knows
 * all.
 */
export const VERBS = new Set(
  `accept acknowledge add adjust answer apply approve archive assign authorise await begin block book cancel capture change
   charge claim clear close compensate complete confirm convert create decide decline delegate delete disable discard
   dispatch enable enroll erase escalate export fail forget grant import inspect instruct invite issue link lock mark merge
   move open pause pay pick place plan post predict publish put quote read rebuild receive recommend reconcile record
   redeem redeliver redrive refresh refund register reject release remove rename renew reopen replace replay reply report
   request reserve reset resolve restock restore resume retire retry return reveal review revoke rotate run save schedule
   send set settle ship sign simulate skip split start stop submit subscribe suspend sync top transfer translate unassign
   unblock unlink unlock unpublish unsubscribe update upload validate verify void vote withdraw write`.split(/\s+/),
);
