create table payment (
  id                text primary key,
  -- One payment for an order: whoever asks again for the same order means this one.
  order_id          text not null unique,
  -- Null for a guest.
  customer_id       text,
  amount_minor      bigint not null check (amount_minor > 0),
  currency          text not null check (length(currency) = 3),
  status            text not null check (status in ('CREATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED', 'VOIDED',
                                                    'REFUNDED', 'PARTIALLY_REFUNDED', 'FAILED')),
  -- What the provider was, or is about to be, asked, and of which no outcome is known yet. Written before the call.
  pending           text check (pending in ('AUTHORISE', 'CAPTURE', 'CANCEL')),
  authorised_at     timestamptz(3),
  captured_minor    bigint not null default 0 check (captured_minor between 0 and amount_minor),
  refunded_minor    bigint not null default 0 check (refunded_minor between 0 and captured_minor),
  action_url        text,
  action_expires_at timestamptz(3),
  failure_code      text,
  failure           text,
  version           int not null default 1,
  created_at        timestamptz(3) not null,
  updated_at        timestamptz(3) not null
);
create index payment_customer on payment (customer_id, created_at, id);
-- What an operator looks for after an outage.
create index payment_pending on payment (updated_at) where pending is not null;

create table refund (
  id           text primary key,
  payment_id   text not null references payment (id),
  amount_minor bigint not null check (amount_minor > 0),
  reason       text not null,
  -- PENDING is the intent, written before the provider is asked; it already counts against what was captured.
  status       text not null check (status in ('PENDING', 'DONE', 'REFUSED')),
  created_at   timestamptz(3) not null
);
create index refund_payment on refund (payment_id, created_at, id);

-- Orders whose payment was cancelled before there was one: an authorisation that comes late is refused.
create table cancelled_order (
  order_id     text primary key,
  cancelled_at timestamptz(3) not null
);
