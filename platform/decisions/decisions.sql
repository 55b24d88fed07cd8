-- In the schema of every agent that records decisions (platform/decisions/). A row is written in the transaction of what
-- was decided, and never changed; it holds ids and figures, never personal data.
create table decision (
  id             text primary key,
  -- The policy that decided, and its version: by them a record is replayed.
  policy         text not null,
  policy_version int not null check (policy_version > 0),
  -- What it was decided about: an order, a return.
  subject_id     text not null,
  source         text not null check (source in ('POLICY', 'STATISTICAL', 'OPTIMIZER', 'LLM', 'HUMAN')),
  choice         text not null check (length(choice) <= 4000),
  -- Digest of all that the policy answered; null for a person's decision, which no policy answers.
  result_hash    text,
  reasons        jsonb not null,
  -- The best first, as many as are kept of those that were weighed.
  alternatives   jsonb not null,
  weighed        int not null check (weighed >= 0),
  -- Null if they were too long to be kept, and for a person's decision.
  inputs         jsonb,
  decided_by     text not null,
  decided_at     timestamptz(3) not null,
  -- The decision that a person has reviewed by this one. It may be forgotten first.
  review_of      text,
  check ((source = 'HUMAN') = (review_of is not null))
);
create index decision_decided_at on decision (decided_at, id);
create index decision_subject on decision (subject_id, decided_at, id);
create index decision_review_of on decision (review_of) where review_of is not null;

-- What became of a decision: each outcome once.
create table decision_outcome (
  decision_id text not null references decision (id) on delete cascade,
  outcome     text not null,
  occurred_at timestamptz(3) not null,
  primary key (decision_id, outcome)
);
