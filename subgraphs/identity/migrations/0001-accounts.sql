create table account (
  id            text primary key,
  -- As its owner writes it, and as it is compared: nobody signs up twice by a capital letter.
  email         text not null,
  email_key     text not null constraint account_email_taken unique check (email_key = lower(email_key)),
  name          text not null,
  -- PHC string of argon2id.
  password_hash text not null,
  roles         text[] not null check (roles <@ array['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'MERCHANT', 'CUSTOMER']),
  customer_id   text unique,
  -- Whether the customer agent has been told of customer_id: it may have been away when the user signed up.
  customer_made boolean not null default false,
  merchant_id   text,
  version       int not null default 1,
  created_at    timestamptz(3) not null,
  updated_at    timestamptz(3) not null,
  -- A merchant's rows are those of its merchant: without one it would be staff.
  constraint account_merchant check (not 'MERCHANT' = any (roles) or merchant_id is not null),
  constraint account_customer check (not 'CUSTOMER' = any (roles) or customer_id is not null)
);
create index account_by_time on account (created_at, id);
create index account_by_email on account (email_key, id);
create index account_by_role on account using gin (roles);

create table session (
  id             text primary key,
  user_id        text not null references account (id),
  started_at     timestamptz(3) not null,
  -- When its newest refresh token stops being good.
  expires_at     timestamptz(3) not null,
  revoked_at     timestamptz(3),
  revoked_reason text check (revoked_reason in ('SIGNED_OUT', 'TOKEN_REUSED', 'ROLES_CHANGED')),
  check ((revoked_at is null) = (revoked_reason is null))
);
create index session_of_user on session (user_id) where revoked_at is null;
create index session_revoked on session (revoked_at) where revoked_at is not null;
create index session_expired on session (expires_at);

-- The family of tokens of a session: one is good at a time, those before it are used.
create table refresh_token (
  -- SHA-256, base64url. The tokens are 256 random bits: no salt or slow hash is needed against guessing.
  hash       text primary key,
  session_id text not null references session (id) on delete cascade,
  issued_at  timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at    timestamptz(3)
);
create index refresh_token_of_session on refresh_token (session_id);
create index refresh_token_expired on refresh_token (expires_at);
