-- In the schema of every agent that has webhooks: what was delivered (platform/webhooks/). The row is written before the
-- sender is told that the delivery came.
create table webhook_delivery (
  id          text primary key,
  endpoint    text not null,
  -- The sender's id of the message: the same again is the same message.
  webhook_id  text not null,
  received_at timestamptz(3) not null,
  status      text not null check (status in ('WAITING', 'HANDLED', 'FAILED')),
  attempts    int not null default 0,
  next_at     timestamptz(3) not null,
  handled_at  timestamptz(3),
  error       text,
  -- Sealed, since it may tell of a person; null as soon as it is handled.
  body        text,
  unique (endpoint, webhook_id)
);
create index webhook_delivery_due on webhook_delivery (next_at) where status = 'WAITING';
create index webhook_delivery_received_at on webhook_delivery (received_at, id);
