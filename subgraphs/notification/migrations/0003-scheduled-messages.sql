-- Null once a message is sent, as all are that an earlier release wrote; else the time from which it may be sent. The
-- reason stays. No row that is there breaks the constraint, so none is looked at.
alter table message add column scheduled_for timestamptz(3), add column delay_reason text;
alter table message add constraint message_delay_reason_check check (delay_reason in ('QUIET_HOURS')) not valid;
