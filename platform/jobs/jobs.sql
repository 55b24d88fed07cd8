-- In the schema of every agent that has jobs (platform/jobs/). A chunk of a job's work, its progress and its part of the
-- result are one transaction. Inputs and states hold ids and figures, never personal data.
create table job (
  id           text primary key,
  kind         text not null,
  input        jsonb not null,
  -- Where the next chunk begins, as the kind has it.
  state        jsonb not null,
  status       text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  -- All chunks are done; the result is still to be put together.
  is_worked    boolean not null default false,
  done         int not null default 0 check (done >= 0),
  total        int check (total >= done),
  message      text check (length(message) <= 500),
  errors       jsonb not null default '[]',
  -- The merchant or customer that it belongs to; null if it is the house's.
  owner_id     text,
  started_by   text not null,
  -- How often it was begun.
  attempts     int not null default 0,
  -- How often in a row it failed, or its process died, without any progress.
  failures     int not null default 0,
  -- The runner that works on it.
  worker       text,
  -- When it may be begun; while it runs, when its runner counts as dead.
  due_at       timestamptz(3) not null,
  -- When its progress was last told to subscribers.
  told_at      timestamptz(3) not null,
  parts        int not null default 0,
  result_bytes int not null default 0,
  result_id    text,
  version      int not null default 1,
  created_at   timestamptz(3) not null,
  started_at   timestamptz(3),
  ended_at     timestamptz(3),
  check ((status = 'RUNNING') = (worker is not null)),
  check ((status in ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (ended_at is not null))
);
create index job_due on job (due_at, id) where status in ('QUEUED', 'RUNNING');
create index job_created_at on job (created_at, id);
create index job_owner on job (owner_id, created_at, id);
create index job_ended_at on job (ended_at) where ended_at is not null;

-- Parts of a job's result, until they are put together in a file.
create table job_part (
  job_id  text not null references job (id) on delete cascade,
  n       int not null,
  content bytea not null,
  primary key (job_id, n)
);
