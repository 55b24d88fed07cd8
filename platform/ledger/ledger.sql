-- In the schema of every agent that keeps a ledger (platform/ledger/): double entry, after TigerBeetle
-- (https://docs.tigerbeetle.com). A transfer is inserted once and stays for ever; a trigger moves the balances of its
-- two accounts in the same statement, and nothing else may, so that no wrong balance can be committed.
create table ledger_account (
  id              text primary key check (length(id) between 1 and 200),
  -- What it counts: a currency or another unit. A transfer is between accounts of one ledger.
  ledger          text not null check (length(ledger) between 1 and 20),
  -- Its kind, in the words of its agent.
  code            text not null check (length(code) between 1 and 50),
  -- The id of the thing that it is about.
  reference       text check (length(reference) between 1 and 200),
  balance_limit   text not null check (balance_limit in ('NONE', 'DEBITS_WITHIN_CREDITS', 'CREDITS_WITHIN_DEBITS')),
  debits_pending  bigint not null default 0 check (debits_pending >= 0),
  debits_posted   bigint not null default 0 check (debits_posted >= 0),
  credits_pending bigint not null default 0 check (credits_pending >= 0),
  credits_posted  bigint not null default 0 check (credits_posted >= 0),
  created_at      timestamptz(3) not null,
  constraint ledger_account_debits_within_credits
    check (balance_limit <> 'DEBITS_WITHIN_CREDITS' or debits_pending + debits_posted <= credits_posted),
  constraint ledger_account_credits_within_debits
    check (balance_limit <> 'CREDITS_WITHIN_DEBITS' or credits_pending + credits_posted <= debits_posted)
) with (fillfactor = 70); -- Balances change in place, without a new entry in an index.
create index ledger_account_code on ledger_account (code, id);

create table ledger_transfer (
  -- Chosen by the caller, of at most 200 characters: the same id again is the same transfer.
  id             text primary key check (length(id) between 1 and 208),
  -- The order of transfers: those of one account are drawn under its lock.
  position       bigint not null generated always as identity,
  kind           text not null check (kind in ('POSTED', 'PENDING', 'POST_PENDING', 'VOID_PENDING', 'EXPIRED')),
  debit_account  text not null,
  credit_account text not null,
  ledger         text not null,
  amount         bigint not null check (amount > 0),
  -- The pending transfer that it posts, voids or lets expire.
  pending_id     text,
  -- When a pending transfer expires.
  expires_at     timestamptz(3),
  -- The side whose balance has cut the amount.
  balancing      text check (balancing in ('DEBIT', 'CREDIT')),
  code           text not null check (length(code) between 1 and 50),
  reference      text check (length(reference) between 1 and 200),
  -- When it happened outside, where the ledger learns of it later; null if that is not known.
  occurred_at    timestamptz(3),
  created_at     timestamptz(3) not null,
  check (debit_account <> credit_account),
  check ((pending_id is not null) = (kind in ('POST_PENDING', 'VOID_PENDING', 'EXPIRED'))),
  check (expires_at is null or (kind = 'PENDING' and expires_at > created_at)),
  check (balancing is null or kind in ('POSTED', 'PENDING'))
);
-- A pending transfer is resolved once.
create unique index ledger_transfer_pending on ledger_transfer (pending_id) where pending_id is not null;
create index ledger_transfer_debit on ledger_transfer (debit_account, position);
create index ledger_transfer_credit on ledger_transfer (credit_account, position);

-- The pending transfers with a timeout that are not resolved, so that those that are due are found without a look at
-- the others. Kept by the trigger alone.
create table ledger_timeout (
  transfer_id text primary key,
  expires_at  timestamptz(3) not null
);
create index ledger_timeout_due on ledger_timeout (expires_at, transfer_id);

create function ledger_refuse() returns trigger language plpgsql as $$
begin
  -- The trigger of the transfers, which keeps the balances, is one level up.
  if pg_trigger_depth() > 1 then
    return null;
  end if;
  raise exception 'the ledger changes by new transfers alone: correct one by another'
    using errcode = 'restrict_violation';
end $$;

create trigger ledger_transfer_is_append_only before update or delete or truncate on ledger_transfer
  for each statement execute function ledger_refuse();
create trigger ledger_account_has_balances before update or delete or truncate on ledger_account
  for each statement execute function ledger_refuse();
create trigger ledger_timeout_is_kept before insert or update or delete or truncate on ledger_timeout
  for each statement execute function ledger_refuse();

create function ledger_open() returns trigger language plpgsql as $$
begin
  if exists (select from opened where debits_pending + debits_posted + credits_pending + credits_posted <> 0) then
    raise exception 'an account begins empty' using errcode = 'check_violation';
  end if;
  return null;
end $$;

create trigger ledger_account_begins_empty after insert on ledger_account
  referencing new table as opened for each statement execute function ledger_open();

-- Plans by index alone: a plan that was made while the tables were small is kept while they grow.
create function ledger_post() returns trigger language plpgsql
  set search_path from current
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
declare
  changed bigint;
  known bigint;
begin
  if exists (select from posted where pending_id is not null) then
    if exists (
      select from posted n left join ledger_transfer p on p.id = n.pending_id
       where n.pending_id is not null
         and (p.kind is distinct from 'PENDING'
              or (p.debit_account, p.credit_account, p.ledger) is distinct from (n.debit_account, n.credit_account, n.ledger)
              or n.amount > p.amount
              or (n.kind <> 'POST_PENDING' and n.amount <> p.amount)
              or (n.kind = 'EXPIRED' and (p.expires_at is null or p.expires_at > n.created_at))
              or (n.kind <> 'EXPIRED' and p.expires_at <= n.created_at))) then
      raise exception 'a transfer does not fit the pending one that it resolves'
        using errcode = 'integrity_constraint_violation';
    end if;
  end if;

  with entry as (
    select s.account, n.ledger, s.is_debit,
           case n.kind
             when 'POSTED' then 0
             when 'PENDING' then n.amount
             else -(select p.amount from ledger_transfer p where p.id = n.pending_id) end as pending,
           case when n.kind in ('POSTED', 'POST_PENDING') then n.amount else 0 end as posted
      from posted n
      cross join lateral (values (n.debit_account, true), (n.credit_account, false)) s (account, is_debit)),
  change as (
    select account, ledger,
           coalesce(sum(pending) filter (where is_debit), 0)::bigint as debits_pending,
           coalesce(sum(posted) filter (where is_debit), 0)::bigint as debits_posted,
           coalesce(sum(pending) filter (where not is_debit), 0)::bigint as credits_pending,
           coalesce(sum(posted) filter (where not is_debit), 0)::bigint as credits_posted
      from entry group by account, ledger),
  moved as (
    update ledger_account a
       set debits_pending = a.debits_pending + c.debits_pending,
           debits_posted = a.debits_posted + c.debits_posted,
           credits_pending = a.credits_pending + c.credits_pending,
           credits_posted = a.credits_posted + c.credits_posted
      from change c where a.id = c.account and a.ledger = c.ledger
    returning 1)
  select (select count(*) from change), (select count(*) from moved) into changed, known;
  if changed <> known then
    raise exception 'a transfer names an account that its ledger does not have'
      using errcode = 'foreign_key_violation';
  end if;

  if exists (select from posted where expires_at is not null) then
    insert into ledger_timeout (transfer_id, expires_at) select id, expires_at from posted where expires_at is not null;
  end if;
  if exists (select from posted where pending_id is not null) then
    delete from ledger_timeout t using posted n where t.transfer_id = n.pending_id;
  end if;
  return null;
end $$;

create trigger ledger_transfer_moves_balances after insert on ledger_transfer
  referencing new table as posted for each statement execute function ledger_post();
