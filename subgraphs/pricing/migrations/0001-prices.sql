create table channel (
  id               text primary key,
  code             text not null unique,
  name             text not null,
  currencies       text[] not null check (cardinality(currencies) between 1 and 50),
  default_currency text not null check (default_currency = any (currencies)),
  -- Whether its prices are shown, and kept, with tax or without.
  price_mode       text not null check (price_mode in ('GROSS', 'NET')),
  country          text not null check (length(country) = 2),
  created_at       timestamptz(3) not null
);

create table price (
  id           text primary key,
  variant_id   text not null,
  -- None: in every channel that has no price of its own.
  channel_id   text references channel (id),
  currency     text not null check (length(currency) = 3),
  amount_minor bigint not null check (amount_minor between 0 and 1000000000000),
  valid_from   timestamptz(3) not null,
  valid_until  timestamptz(3) check (valid_until > valid_from),
  reason       text,
  version      int not null default 1,
  created_at   timestamptz(3) not null,
  updated_at   timestamptz(3) not null,
  constraint price_key unique nulls not distinct (variant_id, currency, channel_id, valid_from)
);

create table shipping_option (
  channel_id   text not null references channel (id),
  code         text not null,
  currency     text not null check (length(currency) = 3),
  name         text not null,
  -- Without tax, in channels of either price mode.
  amount_minor bigint not null check (amount_minor >= 0),
  -- Free when the goods, at the prices shown, come to this or more.
  free_from    bigint,
  position     int not null,
  primary key (channel_id, code, currency)
);

create table tax_rate (
  country      text not null check (length(country) = 2),
  tax_class    text not null check (tax_class in ('STANDARD', 'REDUCED')),
  -- Hundredths of a per cent: 2550 is 25.5 %.
  basis_points int not null check (basis_points between 0 and 10000),
  valid_from   date not null,
  primary key (country, tax_class, valid_from)
);
