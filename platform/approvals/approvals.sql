-- In the schema of every agent with commands that need approval (platform/approvals/). A command is stored whole, once,
-- and never changed; what is decided about it is added. Rows hold ids, figures and reasons, never personal data.
create table approval (
  id            text primary key,
  -- The mutation that asked for it.
  command       text not null,
  -- The command as it will be executed, and the SHA-256 of its canonical JSON.
  input         jsonb not null,
  input_hash    text not null,
  -- What the command is about: a payment, a price list.
  subject_id    text not null,
  requested_by  text not null,
  status        text not null check (status in
                  ('PENDING', 'APPROVED', 'EXECUTED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'FAILED')),
  requested_at  timestamptz(3) not null,
  expires_at    timestamptz(3) not null,
  -- When it left PENDING.
  decided_at    timestamptz(3),
  -- What the execution made: a refund. Set in the transaction of the execution, and thereby the proof of it.
  outcome_id    text,
  -- When the execution ended, well or not.
  executed_at   timestamptz(3),
  failure_code  text,
  failure       text,
  version       int not null default 1,
  check ((status = 'PENDING') = (decided_at is null)),
  check ((status = 'FAILED') = (failure is not null)),
  check (status <> 'EXECUTED' or outcome_id is not null)
);
create index approval_requested_at on approval (requested_at, id);
create index approval_subject on approval (subject_id, requested_at, id);
create index approval_status on approval (status, requested_at, id);
create index approval_requested_by on approval (requested_by, requested_at, id);
-- Those that expire, and those that are to be executed.
create index approval_pending on approval (expires_at) where status = 'PENDING';
create index approval_approved on approval (decided_at) where status = 'APPROVED';

-- The tiers that were due when the command was asked for, in their order.
create table approval_tier (
  approval_id   text not null references approval (id) on delete cascade,
  tier          int not null check (tier > 0),
  -- The condition that made it due, and what each of its parts came to.
  condition     text not null,
  explanation   jsonb not null,
  -- A role, or a scope.
  approvers     text not null,
  quorum        int not null check (quorum > 0),
  self_approval boolean not null,
  primary key (approval_id, tier)
);

-- A person votes once in a tier, and a seat is used once: one's own, or that of a person who handed theirs over.
create table approval_vote (
  approval_id   text not null,
  tier          int not null,
  voter         text not null,
  seat          text not null,
  choice        text not null check (choice in ('APPROVE', 'REJECT')),
  reason        text,
  voted_at      timestamptz(3) not null,
  primary key (approval_id, tier, voter),
  unique (approval_id, tier, seat),
  foreign key (approval_id, tier) references approval_tier (approval_id, tier) on delete cascade
);

-- Who has handed their vote to whom, in a tier of one request.
create table approval_delegation (
  approval_id   text not null,
  tier          int not null,
  delegator     text not null,
  delegate      text not null check (delegate <> delegator),
  delegated_at  timestamptz(3) not null,
  primary key (approval_id, tier, delegator),
  foreign key (approval_id, tier) references approval_tier (approval_id, tier) on delete cascade
);
