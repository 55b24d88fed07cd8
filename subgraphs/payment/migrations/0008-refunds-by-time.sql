-- no transaction
-- The list of refunds, the newest first.
create index concurrently refund_by_time on refund (created_at, id);
