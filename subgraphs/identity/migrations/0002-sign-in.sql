-- What a session was started with, for its owner to recognise it by: never the whole address.
alter table session
  add user_agent   text check (length(user_agent) <= 300),
  add address      text,
  -- A pseudonym of the whole address: it tells whether two are the same, and no more.
  add address_key  text,
  add last_used_at timestamptz(3);
update session set last_used_at = started_at;
alter table session alter last_used_at set not null;
alter table session drop constraint session_revoked_reason_check;
alter table session add constraint session_revoked_reason_check check (revoked_reason ~ '^[A-Z_]+$');
create index session_from_address on session (user_id, address_key, started_at) where address_key is not null;

-- Failed attempts of late, by what was tried or from where. Keys are pseudonyms: no addresses, of e-mail or otherwise.
create table sign_in_attempts (
  key           text primary key,
  failures      int not null check (failures >= 0),
  last_at       timestamptz(3) not null,
  blocked_until timestamptz(3)
);
create index sign_in_attempts_old on sign_in_attempts (last_at);
