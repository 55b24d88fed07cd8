-- How an agent is, as its process last wrote it: dependencies, circuit breakers, errors. And which process speaks for
-- it: of several that host the same agent, the one that started it last, until that one has stopped or fallen silent.
alter table agent
  add column health  jsonb not null default '{}',
  add column process text not null default '';
