create table api_key (
  id           text primary key,
  user_id      text not null references account (id),
  name         text not null check (length(name) between 1 and 100),
  -- SHA-256, base64url. The keys are of 256 random bits.
  hash         text not null unique,
  -- How it begins, for its owner to recognise it by.
  hint         text not null,
  scopes       text[] not null check (cardinality(scopes) between 1 and 50),
  created_at   timestamptz(3) not null,
  expires_at   timestamptz(3) not null,
  -- To the minute.
  last_used_at timestamptz(3),
  revoked_at   timestamptz(3)
);
create index api_key_of_user on api_key (user_id, created_at, id);
create index api_key_revoked on api_key (revoked_at) where revoked_at is not null;
