import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Actor } from '../identity/actor.ts';
import { claimsIn, settingOf } from './confined.ts';
import { claimsOf, type OwnTables } from './own-rows.ts';
import { raw } from './raw.ts';
import { singleStatements } from './single-statements.ts';

/** Name prefix of the row-level-security policies for readers (db/confine.ts); a digest follows. */
export const READER_POLICY = 'agora reader ';

/** Reads for one actor, of the rows that are theirs. */
export type ReadsFor<DB> = (actor: Actor) => Kysely<DB>;

/**
 * Creates reads under row-level security: each statement runs in a read-only transaction of its own, as the reader role
 * and with the actor's claims as settings. Both end with the transaction, so a pooler may share the connection.
 * @param onOpen called once if PostgreSQL has no reader role: then statements run unconfined
 */
export function confinedReads<DB>(
  kysely: Kysely<any>,
  { agent, confined, onOpen }: { agent: string; confined: OwnTables; onOpen(): void },
): ReadsFor<DB> {
  let known: Promise<string | undefined> | undefined;
  const reader = (): Promise<string | undefined> => {
    known ??= readerOf(kysely, agent, Object.keys(confined)).then(
      (role) => {
        if (!role) onOpen();
        return role;
      },
      (error: unknown) => {
        known = undefined; // The database was away: the next read asks again.
        throw error;
      },
    );
    return known;
  };
  const compared = claimsIn(confined).map((claim) => ({ claim, setting: settingOf(claim) }));
  const made = new WeakMap<Actor, Kysely<DB>>();
  return (actor) => {
    let reads = made.get(actor);
    if (!reads) {
      const claims = claimsOf(actor);
      const settings = compared
        .map(({ claim, setting }) => `set local ${setting} = '${claims[claim] ?? ''}'`)
        .join('; ');
      const opening = async (): Promise<string | undefined> => {
        const role = await reader();
        return role && `begin read only; set local role "${role}"; ${settings}`;
      };
      reads = over(kysely, opening).withSchema(agent) as Kysely<DB>;
      made.set(actor, reads);
    }
    return reads;
  };
}

/**
 * The reader role: policies of these tables apply to it, and we may SET ROLE to it. Tables on which it has no rights,
 * because `db:roles` was not run at a release, are refused to it: better no answer than another customer's rows.
 */
async function readerOf(kysely: Kysely<any>, agent: string, tables: readonly string[]): Promise<string | undefined> {
  const { rows } = await raw<{ role: string }>(
    kysely,
    `select r.rolname::text as role from pg_policy p join pg_class c on c.oid = p.polrelid
       join pg_roles r on r.oid = any(p.polroles)
      where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relname = any($2)
        and starts_with(p.polname, $3) and pg_has_role(current_user, r.oid, 'SET')
      order by 1 limit 1`,
    [agent, tables, READER_POLICY],
  );
  return rows[0]?.role;
}

/** The same database with each statement in a transaction that begins with `opening`, or as it is without one. */
function over(base: Kysely<any>, opening: () => Promise<string | undefined>): Kysely<any> {
  return singleStatements(async <Row>(query: CompiledQuery<Row>) => {
    const begin = await opening();
    if (!begin) return base.executeQuery<Row>(query);
    return base.connection().execute((session) => within<Row>(session, begin, query));
  }, base);
}

async function within<Row>(session: Kysely<any>, begin: string, query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
  try {
    await raw(session, begin);
    const result = await session.executeQuery<Row>(query);
    await raw(session, 'commit');
    return result;
  } catch (error) {
    await raw(session, 'rollback').catch(() => {}); // The connection is lost, and its transaction with it.
    throw error;
  }
}
