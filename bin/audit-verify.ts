/**
 * `npm run audit:verify [-- --noted POSITION:HASH]`: verifies the audit log's hash chain, and names the first entry
 * that does not fit. Agora may run meanwhile.
 */
import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import { readConfig } from '../platform/config/config.ts';
import { columnList } from '../platform/data/entity-table.ts';
import { raw } from '../platform/data/raw.ts';
import { Fault } from '../platform/errors.ts';
import type { Head } from '../subgraphs/identity/audit/chain.ts';
import { type AuditEntryRow, AuditEntrySchema } from '../subgraphs/identity/audit/entities.ts';
import { type AuditReader, verifyChain } from '../subgraphs/identity/audit/verify.ts';
import { runCommand } from './process/command.ts';
import { onDatabase } from '../db/connect/on-database.ts';

await runCommand('The audit log was not verified', async (say) => {
  const { noted } = parseArgs({ options: { noted: { type: 'string' } } }).values;
  const earlier = noted === undefined ? undefined : headIn(noted);
  const config = readConfig(process.env);
  const given = config.DATABASE_URL && (config.DATABASE_DIRECT_URL ?? config.DATABASE_URL);
  await onDatabase({ config, given, name: 'agora audit' }, async (kysely) => {
    await requireLog(kysely);
    const verification = await verifyChain(readerOver(kysely), earlier);
    if (!verification.isWhole) return broken(verification.misfit, say);
    const { position, hash } = verification.head;
    say(`The audit log is whole: ${position} entries. Note its end elsewhere, and give it the next time:`);
    say(`--noted ${position}:${hash}`);
  });
});

/** Reports what is wrong, where, and how to go on. Exits with 1, as when nothing could be verified. */
function broken(misfit: string, say: (line: string) => void): void {
  process.exitCode = 1;
  say(`THE AUDIT LOG IS BROKEN: ${misfit}.`);
  say('What is before it is whole. Compare it, and what follows, with a backup: docs/identity.md says how.');
}

function headIn(text: string): Head {
  const [, position, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!position || !hash) throw new Fault('NOTED_UNREADABLE', '--noted is POSITION:HASH, as this command said before.');
  return { position: BigInt(position), hash };
}

/**
 * Reader of the log in the database. A function, and no constant: the command above runs before constants here are
 * initialised.
 */
function readerOver(kysely: Kysely<any>): AuditReader {
  const rows = async <Row>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await raw<Row & Record<string, unknown>>(kysely, text, values)).rows;
  return {
    after: (position, limit) =>
      rows<AuditEntryRow>(
        `select ${columnList(AuditEntrySchema)} from identity.audit_entry where position > $1 order by position limit $2`,
        [position, limit],
      ),
    head: async () => (await rows<Head>('select position, hash from identity.audit_head'))[0],
  };
}

/** @throws {Fault} `NO_AUDIT_LOG` */
async function requireLog(kysely: Kysely<any>): Promise<void> {
  const { rows } = await raw<{ log: string | null }>(kysely, `select to_regclass('identity.audit_head') as log`);
  if (!rows[0]?.log)
    throw new Fault('NO_AUDIT_LOG', 'There is no audit log in this database. Is it the one that Agora runs on?');
}
