-- no transaction
-- Refunds to be finished are looked for every minute; nearly all have been.
create index concurrently refund_unfinished on refund (created_at) where status = 'PENDING';
