-- The books of the payment simulator. They stand here because a simulator must live somewhere; the payment agent reads
-- them through the provider port only, as it would another company's.
create table simulator_payment (
  -- Our reference: the payment's id.
  reference         text primary key,
  token             text not null,
  amount_minor      bigint not null,
  currency          text,
  status            text not null check (status in ('REQUIRES_ACTION', 'AUTHORISED', 'DECLINED', 'EXPIRED', 'CAPTURED', 'VOIDED')),
  captured_minor    bigint not null default 0 check (captured_minor between 0 and amount_minor),
  refunded_minor    bigint not null default 0 check (refunded_minor between 0 and captured_minor),
  -- Why it was declined, or why a capture was refused.
  refusal           text,
  action_expires_at timestamptz(3),
  created_at        timestamptz(3) not null
);

-- What moved, append-only: the second opinion on simulator_payment.
create table simulator_entry (
  reference    text not null references simulator_payment (reference),
  kind         text not null check (kind in ('AUTHORISE', 'CAPTURE', 'VOID', 'REFUND')),
  -- Tells refunds of one payment apart: the refund's own reference. Empty for the others, which happen once.
  key          text not null default '',
  amount_minor bigint not null,
  at           timestamptz(3) not null,
  primary key (reference, kind, key)
);
