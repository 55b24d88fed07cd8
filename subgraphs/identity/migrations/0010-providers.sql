-- Who signs in by a provider need not have a password.
alter table account alter password_hash drop not null;

-- An account's owner as identity providers know them.
create table linked_identity (
  id           text primary key,
  user_id      text not null references account (id),
  -- What the operator called the provider when it was linked; the issuer and the subject are what counts.
  provider     text not null,
  issuer       text not null,
  subject      text not null,
  -- As the provider told it last, for the owner to recognise the identity by. It decides nothing.
  email        text,
  linked_at    timestamptz(3) not null,
  last_used_at timestamptz(3) not null,
  constraint linked_identity_taken unique (issuer, subject)
);
create index linked_identity_of_user on linked_identity (user_id, linked_at, id);

-- Who has been sent to a provider, and what their answer is checked against.
create table provider_attempt (
  -- SHA-256, base64url, of 256 random bits that only whoever began holds.
  hash          text primary key,
  provider      text not null,
  redirect_uri  text not null,
  -- State, nonce and PKCE verifier as JSON, sealed with the hash as context.
  sealed        text not null,
  -- Who links: the session that began. Null for who signs in.
  session_id    text references session (id) on delete cascade,
  created_at    timestamptz(3) not null,
  expires_at    timestamptz(3) not null,
  -- Until then a request is completing it: the provider's code is good once.
  busy_until    timestamptz(3),
  used_at       timestamptz(3),
  -- What completed it, for an answer that was lost: SHA-256 of the address, and whom it was.
  callback_hash text,
  identity_id   text references linked_identity (id) on delete cascade
);
create index provider_attempt_expired on provider_attempt (expires_at);
create index provider_attempt_of_session on provider_attempt (session_id) where session_id is not null;
create index provider_attempt_of_identity on provider_attempt (identity_id) where identity_id is not null;
