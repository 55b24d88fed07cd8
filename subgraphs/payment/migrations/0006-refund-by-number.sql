-- no transaction
-- The number finds its refund, and is given once.
create unique index concurrently refund_by_number on refund (number);
