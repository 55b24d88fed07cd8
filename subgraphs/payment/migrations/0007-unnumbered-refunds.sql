-- no transaction
-- Refunds to be numbered are looked for every minute; nearly always there are none.
create index concurrently refund_unnumbered on refund (created_at, id) where status = 'DONE' and number is null;
