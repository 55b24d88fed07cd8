-- Mails that are to be sent. Whom to and with which token is asked for when one is: nothing personal is kept here.
create table mail (
  id          text primary key,
  event_id    uuid not null unique,
  recovery_id text not null,
  created_at  timestamptz(3) not null,
  -- Null once it is done with.
  next_at     timestamptz(3),
  attempts    int not null default 0,
  outcome     text check (outcome in ('SENT', 'DROPPED'))
);
create index mail_due on mail (next_at) where next_at is not null;
