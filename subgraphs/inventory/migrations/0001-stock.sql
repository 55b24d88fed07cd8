create table location (
  id         text primary key,
  code       text not null constraint location_code_key unique,
  name       text not null,
  kind       text not null check (kind in ('WAREHOUSE', 'STORE')),
  city       text not null,
  country    text not null check (length(country) = 2),
  -- The lowest number serves first.
  priority   int not null check (priority >= 0),
  active     boolean not null default true,
  version    int not null default 1,
  created_at timestamptz(3) not null
);

-- What is where. A summary of the ledger and of the active reservations, which a reader could compute from them; kept,
-- so that overselling is refused here, by the checks, whatever the code above believes.
create table stock_level (
  variant_id  text not null,
  location_id text not null references location (id),
  -- Copied from the catalogue when the row is made: nobody has to be asked whose it is.
  product_id  text not null,
  merchant_id text not null,
  on_hand     int not null default 0,
  reserved    int not null default 0,
  version     int not null default 1,
  updated_at  timestamptz(3) not null,
  primary key (variant_id, location_id),
  constraint on_hand_not_negative check (on_hand >= 0),
  constraint reserved_not_negative check (reserved >= 0),
  constraint no_more_reserved_than_on_hand check (reserved <= on_hand)
) with (fillfactor = 80);

-- The ledger.
create table movement (
  id           text primary key,
  variant_id   text not null,
  location_id  text not null,
  merchant_id  text not null,
  delta        int not null check (delta <> 0),
  type         text not null check (type in ('INBOUND', 'OUTBOUND', 'ADJUSTMENT', 'TRANSFER', 'RETURN')),
  reason       text,
  reference_id text,
  actor_id     text not null,
  created_at   timestamptz(3) not null,
  foreign key (variant_id, location_id) references stock_level (variant_id, location_id)
);
create index movement_by_time on movement (created_at, id);
create index movement_variant on movement (variant_id, created_at, id);
create index movement_location on movement (location_id, created_at, id);
create index movement_merchant on movement (merchant_id, created_at, id);

-- A ledger is corrected by another entry.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'movements are append-only: correct one by another'
    using errcode = 'restrict_violation';
end $$;
create trigger movement_is_append_only before update or delete or truncate on movement
  for each statement execute function refuse_change();

create table reservation (
  id         text primary key,
  -- What it is for. One reservation each, for ever: what was released is not reserved again by a late message.
  reference  text not null constraint reservation_reference_key unique,
  status     text not null check (status in ('ACTIVE', 'RELEASED', 'EXPIRED')),
  expires_at timestamptz(3),
  version    int not null default 1,
  created_at timestamptz(3) not null,
  closed_at  timestamptz(3),
  check ((status = 'ACTIVE') = (closed_at is null))
);
create index reservation_due on reservation (expires_at) where status = 'ACTIVE' and expires_at is not null;

create table reservation_line (
  reservation_id text not null references reservation (id),
  variant_id     text not null,
  location_id    text not null,
  quantity       int not null check (quantity > 0),
  primary key (reservation_id, variant_id, location_id),
  foreign key (variant_id, location_id) references stock_level (variant_id, location_id)
);
