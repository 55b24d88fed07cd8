-- When they proved that mail to the address reaches them. Accounts from before have not.
alter table account add email_verified_at timestamptz(3);

-- What proves, once, that somebody reads the mail of an account.
create table recovery_token (
  id         text primary key,
  purpose    text not null check (purpose in ('VERIFY_EMAIL', 'RESET_PASSWORD')),
  -- Null for an address that nobody has: it costs the same, and no mail is sent.
  user_id    text references account (id),
  -- SHA-256, base64url, of 256 random bits.
  hash       text not null unique,
  -- The token itself for the mail, sealed with the id as context.
  sealed     text not null,
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at    timestamptz(3)
);
create index recovery_token_expired on recovery_token (expires_at);
create index recovery_token_of_user on recovery_token (user_id, purpose) where used_at is null;
