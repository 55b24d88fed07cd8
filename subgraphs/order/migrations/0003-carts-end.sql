-- What a line was called when it was put into the cart: to name it when it is no longer for sale.
alter table cart_line add column title text;
-- Carts end some time after their last change.
create index cart_by_update on cart (updated_at, id);
