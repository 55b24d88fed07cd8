-- Imports of products, each carried by a saga of its own.
create table import (
  id          text primary key,
  merchant_id text not null,
  products    int not null check (products > 0),
  -- Why it was undone, if it was.
  refusal     text,
  created_at  timestamptz(3) not null
);
