create sequence order_number start 100001;

create table orders (
  id                  text primary key,
  number              text not null unique,
  -- Null for a guest, who comes back with a token.
  customer_id         text,
  channel_id          text not null,
  currency            text not null check (length(currency) = 3),
  status              text not null check (status in ('PENDING', 'ON_HOLD', 'CONFIRMED', 'PROCESSING', 'PARTIALLY_SHIPPED',
                        'SHIPPED', 'DELIVERED', 'CANCELLED', 'RETURNED', 'REFUNDED')),
  payment_status      text not null check (payment_status in ('CREATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED',
                        'VOIDED', 'REFUNDED', 'PARTIALLY_REFUNDED', 'FAILED')),
  fulfilment_status   text not null check (fulfilment_status in ('UNFULFILLED', 'PARTIALLY_FULFILLED', 'FULFILLED', 'RETURNED')),
  cancellation_reason text check (cancellation_reason in ('INSUFFICIENT_STOCK', 'PAYMENT_DECLINED', 'PAYMENT_FAILED',
                        'PAYMENT_EXPIRED', 'FRAUD', 'CUSTOMER_REQUEST', 'MERCHANT_REQUEST', 'OTHER')),
  cancellation_requested_at timestamptz(3),
  shipping_option     text not null,
  subtotal_minor      bigint not null check (subtotal_minor >= 0),
  discount_minor      bigint not null check (discount_minor between 0 and subtotal_minor),
  shipping_minor      bigint not null check (shipping_minor >= 0),
  tax_minor           bigint not null check (tax_minor >= 0),
  total_minor         bigint not null check (total_minor = subtotal_minor - discount_minor + shipping_minor + tax_minor),
  version             int not null default 1,
  placed_at           timestamptz(3) not null,
  updated_at          timestamptz(3) not null
);
create index orders_by_placing on orders (placed_at, id);
create index orders_by_update on orders (updated_at, id);
create index orders_customer on orders (customer_id, placed_at, id);
create index orders_status on orders (status, placed_at, id);

-- As sold: an old order never depends on today's product.
create table order_line (
  id             text primary key,
  order_id       text not null references orders (id),
  position       int not null,
  variant_id     text not null,
  merchant_id    text not null,
  sku            text not null,
  title          text not null,
  quantity       int not null check (quantity between 1 and 10000),
  unit_price_minor bigint not null check (unit_price_minor >= 0),
  subtotal_minor bigint not null check (subtotal_minor >= 0),
  discount_minor bigint not null check (discount_minor between 0 and subtotal_minor),
  tax_minor      bigint not null check (tax_minor >= 0),
  total_minor    bigint not null check (total_minor = subtotal_minor - discount_minor + tax_minor),
  unique (order_id, position)
);

-- The personal data of an order, apart from everything else: nothing of it is in an event, a saga or a log.
create table order_contact (
  order_id         text primary key references orders (id),
  email            text,
  shipping_address jsonb not null,
  billing_address  jsonb not null,
  cancellation_note text
);

create table timeline_entry (
  order_id    text not null references orders (id),
  type        text not null,
  occurred_at timestamptz(3) not null,
  -- Entries of one instant stay in the order in which they were written.
  position    bigint generated always as identity,
  primary key (order_id, type)
);

create table cart (
  id          text primary key,
  customer_id text,
  channel_id  text not null,
  currency    text not null check (length(currency) = 3),
  order_id    text references orders (id),
  version     int not null default 1,
  created_at  timestamptz(3) not null,
  updated_at  timestamptz(3) not null
);

create table cart_line (
  cart_id    text not null references cart (id),
  variant_id text not null,
  quantity   int not null check (quantity between 1 and 10000),
  position   int not null,
  primary key (cart_id, variant_id)
);
