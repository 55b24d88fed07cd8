-- A rotated key has a new secret in `hash` and `hint`; the one before is good until previous_expires_at.
alter table api_key
  add version               int not null default 1,
  add rotated_at            timestamptz(3),
  add previous_hash         text unique,
  add previous_hint         text,
  add previous_expires_at   timestamptz(3),
  -- To the minute.
  add previous_last_used_at timestamptz(3),
  -- The newest secret, sealed, for minutes after its rotation: a repetition of a request whose answer was lost gets it.
  add sealed_secret         text,
  add check ((previous_hash is null) = (previous_expires_at is null) and (previous_hash is null) = (rotated_at is null));
create index api_key_with_sealed_secret on api_key (rotated_at) where sealed_secret is not null;
