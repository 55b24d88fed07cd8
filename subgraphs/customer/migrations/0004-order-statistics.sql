-- Customers' orders, as far as their figures need them: a projection of the order agent's events.
create table customer_order (
  -- The order's.
  id             text primary key,
  -- The buyer. An order without one, a guest's, is not here.
  customer_id    text not null,
  status         text not null,
  currency       text not null check (length(currency) = 3),
  total_minor    bigint not null,
  -- The sum of its refunds.
  refunded_minor bigint not null default 0,
  placed_at      timestamptz(3) not null,
  -- The order's version that the row shows: events of earlier ones are in it.
  version        int not null
);
create index customer_order_of on customer_order (customer_id);
