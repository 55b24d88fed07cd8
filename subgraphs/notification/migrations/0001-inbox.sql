create table message (
  id          text primary key,
  customer_id text not null,
  -- What it tells of. An event leads to one message, however often it is read.
  event_id    uuid not null unique,
  order_id    text not null,
  -- The text is made from the template and these when it is read: ids and figures, no personal data.
  template    text not null check (template ~ '^[A-Z_]+$'),
  parameters  jsonb not null,
  created_at  timestamptz(3) not null,
  read_at     timestamptz(3)
);
create index message_inbox on message (customer_id, created_at, id);
create index message_unread on message (customer_id, created_at, id) where read_at is null;
