-- no transaction
create index concurrently message_due on message (scheduled_for, id) where scheduled_for is not null;
