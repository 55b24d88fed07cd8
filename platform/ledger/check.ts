import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** The most findings that are told. */
const MOST = 100;

/** The state of a ledger, as the database alone tells it. */
export interface LedgerCheck {
  accounts: bigint;
  transfers: bigint;
  /** What is wrong, in sentences: nothing in a ledger that is whole. At most a hundred. */
  findings: string[];
}

/**
 * Checks a ledger from its rows alone, in one snapshot, while it is written: the debits and credits of each ledger are
 * equal, the balances of each account are the sums of its transfers, no limit is broken, each resolution fits the
 * pending transfer that it resolves, and exactly the unresolved timeouts are waited for. It reads every transfer: on
 * millions of them it takes longer than a request may.
 */
export async function checkLedger(kysely: Kysely<any>, schema: string): Promise<LedgerCheck> {
  const { rows } = await raw<{ accounts: bigint; transfers: bigint; findings: string[] }>(
    kysely,
    checkStatement(schema),
  );
  return rows[0]!;
}

/** The statement of the check, on the ledger of a schema. */
export function checkStatement(schema: string): string {
  const account = `"${schema}".ledger_account`;
  const transfer = `"${schema}".ledger_transfer`;
  const timeout = `"${schema}".ledger_timeout`;
  return `
  with entry as (
    select s.account, t.ledger, s.is_debit,
           case t.kind when 'POSTED' then 0 when 'PENDING' then t.amount else -p.amount end as pending,
           case when t.kind in ('POSTED', 'POST_PENDING') then t.amount else 0 end as posted
      from ${transfer} t left join ${transfer} p on p.id = t.pending_id
      cross join lateral (values (t.debit_account, true), (t.credit_account, false)) s (account, is_debit)),
  moved as (
    select account, ledger,
           coalesce(sum(pending) filter (where is_debit), 0) as debits_pending,
           coalesce(sum(posted) filter (where is_debit), 0) as debits_posted,
           coalesce(sum(pending) filter (where not is_debit), 0) as credits_pending,
           coalesce(sum(posted) filter (where not is_debit), 0) as credits_posted
      from entry group by account, ledger),
  finding as (
    select 'ledger ' || ledger || ': debits ' || sum(debits_posted) || ' and ' || sum(debits_pending) || ' pending, credits '
           || sum(credits_posted) || ' and ' || sum(credits_pending) || ' pending' as told
      from ${account} group by ledger
    having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)
    union all
    select 'account ' || coalesce(a.id, m.account) || ' of ' || coalesce(a.ledger, m.ledger) || ': balances '
           || case when a.id is null then 'of no account'
                   else concat_ws('/', a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted) end
           || ', transfers ' || concat_ws('/', coalesce(m.debits_pending, 0), coalesce(m.debits_posted, 0),
                                          coalesce(m.credits_pending, 0), coalesce(m.credits_posted, 0))
      from ${account} a full join moved m on m.account = a.id and m.ledger = a.ledger
     where (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted)
           is distinct from (coalesce(m.debits_pending, 0), coalesce(m.debits_posted, 0),
                             coalesce(m.credits_pending, 0), coalesce(m.credits_posted, 0))
    union all
    select 'account ' || id || ': ' || balance_limit || ' is broken' from ${account}
     where (balance_limit = 'DEBITS_WITHIN_CREDITS' and debits_pending + debits_posted > credits_posted)
        or (balance_limit = 'CREDITS_WITHIN_DEBITS' and credits_pending + credits_posted > debits_posted)
    union all
    select 'transfer ' || t.id || ' does not fit ' || t.pending_id
      from ${transfer} t left join ${transfer} p on p.id = t.pending_id
     where t.pending_id is not null
       and (p.kind is distinct from 'PENDING'
            or (p.debit_account, p.credit_account, p.ledger) is distinct from (t.debit_account, t.credit_account, t.ledger)
            or t.amount > p.amount
            or (t.kind <> 'POST_PENDING' and t.amount <> p.amount)
            or (t.kind = 'EXPIRED' and (p.expires_at is null or p.expires_at > t.created_at))
            or (t.kind <> 'EXPIRED' and p.expires_at <= t.created_at))
    union all
    select 'transfer ' || pending_id || ' is resolved ' || count(*) || ' times' from ${transfer}
     where pending_id is not null group by pending_id having count(*) > 1
    union all
    select 'the timeout of ' || coalesce(o.transfer_id, t.id) || case when t.id is null then ' is for nothing' else ' is not waited for' end
      from ${timeout} o
      full join (select id, expires_at from ${transfer} p
                  where kind = 'PENDING' and expires_at is not null
                    and not exists (select from ${transfer} r where r.pending_id = p.id)) t
        on t.id = o.transfer_id and t.expires_at = o.expires_at
     where o.transfer_id is null or t.id is null)
  select (select count(*) from ${account}) as accounts, (select count(*) from ${transfer}) as transfers,
         array(select told from finding order by told limit ${MOST}) as findings`;
}
