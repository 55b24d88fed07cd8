-- Which circuit breakers operators had closed, and why: the audit. Rows are added and stay.
create table breaker_reset (
  id           text primary key,
  agent        text not null,
  breaker      text not null,
  requested_by text not null,
  reason       text not null check (length(reason) between 1 and 500),
  at           timestamptz(3) not null
);

create function keep_breaker_resets() returns trigger language plpgsql as $$
begin
  raise exception 'resets of breakers are append-only: they are the audit' using errcode = 'restrict_violation';
end $$;
create trigger breaker_reset_is_append_only before update or delete on breaker_reset
  for each row execute function keep_breaker_resets();
create trigger breaker_reset_is_kept before truncate on breaker_reset
  for each statement execute function keep_breaker_resets();
