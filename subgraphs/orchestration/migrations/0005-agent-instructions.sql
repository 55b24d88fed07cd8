-- What operators told groups of agents to do, and why: the audit. Rows are added and stay.
create table agent_instruction (
  id           text primary key,
  area         text,
  instruction  text not null,
  requested_by text not null,
  reason       text not null check (length(reason) between 1 and 500),
  at           timestamptz(3) not null
);

create trigger agent_instruction_is_append_only before update or delete on agent_instruction
  for each row execute function keep_breaker_resets();
create trigger agent_instruction_is_kept before truncate on agent_instruction
  for each statement execute function keep_breaker_resets();
