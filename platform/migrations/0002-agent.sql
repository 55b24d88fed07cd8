-- The agents that run, or ran: written by the process that hosts them, read by orchestration for the graph.
create table agent (
  name         text primary key,
  area         text not null,
  title        text not null,
  description  text not null,
  skills       jsonb not null,
  status       text not null check (status in ('STARTING', 'RUNNING', 'DEGRADED', 'STOPPING', 'STOPPED', 'FAILED')),
  degradation  int not null default 0 check (degradation between 0 and 4),
  version      int not null default 1,
  started_at   timestamptz(3) not null,
  heartbeat_at timestamptz(3) not null,
  instance     text not null
);
