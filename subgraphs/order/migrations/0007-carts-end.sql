-- no transaction
-- Carts end some time after their last change.
create index concurrently cart_by_update on cart (updated_at, id);
