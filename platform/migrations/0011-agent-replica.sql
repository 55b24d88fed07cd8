-- Where agents can be reached (platform/agent/replicas.ts): a row for each process that serves one over the network. Whose
-- lease has run out is not asked any more. Its part of the graph stands beside it, so that a gateway composes what is
-- really served.
create table agent_replica (
  agent      text not null,
  process    uuid not null,
  instance   text not null,
  url        text not null,
  sdl        text not null,
  sdl_hash   text not null,
  since      timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  primary key (agent, process)
) with (fillfactor = 50);
