import { type Kysely, sql } from 'kysely';

/**
 * Violations of the rules of approvals in an agent's schema, in sentences; none is the good answer. It reads the database
 * alone, and shares nothing with what writes it. For tests and audits.
 */
export async function approvalViolations(kysely: Kysely<any>, schema: string): Promise<string[]> {
  const table = (name: string) => sql.table(`${schema}.${name}`);
  const { rows } = await sql<{ violation: string }>`
    with tier as (
      select t.*, a.requested_by, a.status, a.expires_at, a.decided_at,
             (select count(distinct v.voter) from ${table('approval_vote')} v
               where v.approval_id = t.approval_id and v.tier = t.tier and v.choice = 'APPROVE') as voters,
             (select count(distinct v.seat) from ${table('approval_vote')} v
               where v.approval_id = t.approval_id and v.tier = t.tier and v.choice = 'APPROVE') as seats
        from ${table('approval_tier')} t join ${table('approval')} a on a.id = t.approval_id),
    vote as (
      select v.*, t.requested_by, t.self_approval, t.expires_at, t.status, t.decided_at
        from ${table('approval_vote')} v join tier t on t.approval_id = v.approval_id and t.tier = v.tier)
    select violation from (
      select approval_id || ' is ' || status || ' with ' || voters || ' of ' || quorum || ' approvals in tier ' || tier
          as violation
        from tier where status in ('APPROVED', 'EXECUTED', 'FAILED') and least(voters, seats) < quorum
      union all
      select id || ' is PENDING with all approvals' from ${table('approval')} a
       where status = 'PENDING'
         and not exists (select 1 from tier t where t.approval_id = a.id and least(t.voters, t.seats) < t.quorum)
      union all
      select id || ' has no tier' from ${table('approval')} a
       where not exists (select 1 from tier t where t.approval_id = a.id)
      union all
      select v.approval_id || ' has a vote in tier ' || v.tier || ' before tier ' || t.tier || ' had its quorum'
        from vote v join tier t on t.approval_id = v.approval_id and t.tier < v.tier and least(t.voters, t.seats) < t.quorum
      union all
      select approval_id || ': ' || voter || ' voted on their own request'
        from vote where not self_approval and requested_by in (voter, seat)
      union all
      select approval_id || ': ' || voter || ' voted for ' || seat || ', who had not handed their vote over'
        from vote v where voter <> seat
         and not exists (select 1 from ${table('approval_delegation')} d
               where d.approval_id = v.approval_id and d.tier = v.tier and d.delegator = v.seat)
      union all
      select approval_id || ': ' || voter || ' voted after it had expired' from vote where voted_at >= expires_at
      union all
      select approval_id || ': ' || voter || ' voted after it was decided' from vote where voted_at > decided_at
      union all
      select approval_id || ' is ' || min(status) || ' with ' || count(*) || ' rejections' from vote
       where choice = 'REJECT' group by approval_id having min(status) <> 'REJECTED' or count(*) > 1
      union all
      select id || ' is REJECTED by nobody' from ${table('approval')} a
       where status = 'REJECTED' and not exists (select 1 from vote v where v.approval_id = a.id and v.choice = 'REJECT')
      union all
      select id || ' expired too early' from ${table('approval')} where status = 'EXPIRED' and decided_at < expires_at
      union all
      select id || ' is ' || status || ', and made ' || outcome_id from ${table('approval')}
       where outcome_id is not null and status not in ('APPROVED', 'EXECUTED', 'FAILED')
    ) found order by violation limit 100`.execute(kysely);
  return rows.map((row) => row.violation);
}
