-- What a line was called when it was put into the cart: to name it when it is no longer for sale.
alter table cart_line add column title text;
