-- A rebuild of a projection can be given up.
alter table event_action drop constraint event_action_action_check,
  add constraint event_action_action_check check (action in ('REDRIVE', 'DISCARD', 'REPLAY', 'REBUILD', 'CANCEL_REBUILD'));
