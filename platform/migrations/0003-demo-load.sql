-- Which agents' demo data is in: each is loaded once.
create table demo_load (
  agent     text primary key,
  loaded_at timestamptz(3) not null default now()
);
