-- What the payment simulator has to tell. As its books (0002), these tables are another company's: nobody but the
-- simulator reads them.
create table simulator_webhook (
  id       text primary key,
  -- The very bytes that are signed and sent, at each attempt the same. Of a test card: no person is in it.
  body     text not null,
  attempts int not null default 0,
  -- Null: given up.
  next_at  timestamptz(3),
  error    text
);
create index simulator_webhook_due on simulator_webhook (next_at);

-- Addresses that answered 410 Gone: nothing is sent there any more.
create table simulator_gone (
  url text primary key,
  at  timestamptz(3) not null
);
