-- Null once a message is sent, as all are that an earlier release wrote; else the time from which it may be sent. The
-- reason stays.
alter table message add column scheduled_for timestamptz(3);
alter table message add column delay_reason text check (delay_reason in ('QUIET_HOURS'));
