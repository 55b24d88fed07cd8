-- One's second factor: codes of an authenticator app (TOTP, RFC 6238).
create table second_factor (
  user_id       text primary key references account (id),
  -- What the codes are made from, sealed with `totp:` and the user as context.
  secret        text not null,
  begun_at      timestamptz(3) not null,
  -- When a first code was right. Before, it counts for nothing.
  confirmed_at  timestamptz(3),
  -- The step of 30 seconds, since 1970, whose code was used last: neither it nor one before it is good again.
  last_step     int not null default 0,
  -- Of the hashes of the recovery codes, in base64url.
  recovery_salt text,
  check ((confirmed_at is null) = (recovery_salt is null))
);
create index second_factor_begun on second_factor (begun_at) where confirmed_at is null;

create table recovery_code (
  user_id text not null references second_factor (user_id) on delete cascade,
  -- Argon2id, base64url.
  hash    text not null,
  used_at timestamptz(3),
  primary key (user_id, hash)
);

-- Whoever has proven the first factor and is asked for the second.
create table sign_in_challenge (
  -- SHA-256, base64url, of 256 random bits.
  hash       text primary key,
  user_id    text not null references account (id),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null
);
create index sign_in_challenge_of_user on sign_in_challenge (user_id);
create index sign_in_challenge_expired on sign_in_challenge (expires_at);
