create table customer (
  id                 text primary key,
  -- The identity agent's user. Copied when the row is made.
  user_id            text not null constraint customer_one_per_user unique,
  name               text not null,
  email              text not null,
  phone              text,
  default_address_id text,
  -- Grows with every change of the profile or of an address: the addresses belong to the customer's aggregate.
  version            int not null default 1,
  created_at         timestamptz(3) not null,
  updated_at         timestamptz(3) not null
);
create index customer_by_time on customer (created_at, id);
create index customer_by_name on customer (name, id);
create index customer_by_email on customer (lower(email));

create table address (
  id          text primary key,
  customer_id text not null references customer (id),
  name        text not null,
  line1       text not null,
  line2       text,
  city        text not null,
  postcode    text not null,
  region      text,
  country     text not null check (length(country) = 2),
  version     int not null default 1,
  created_at  timestamptz(3) not null,
  unique (customer_id, id)
);

-- At most one default, and it is the customer's own.
alter table customer add constraint customer_default_address
  foreign key (id, default_address_id) references address (customer_id, id);
