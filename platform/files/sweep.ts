/**
 * Sweeping of an agent's files: what has expired, contents that no record names, and records whose content is gone. A
 * record goes before its content, so that nobody is sent to a content that is not there; what a crash leaves between the
 * two is swept the next time.
 */
import type { AgentContext } from '../agent/agent-context.ts';
import { anyOf } from '../data/any-of.ts';
import { inChunks } from '../data/in-chunks.ts';
import { count } from '../telemetry/metrics.ts';
import type { FileStatus, FileTables } from './file-entity.ts';
import type { FileStore, StoredContent } from './file-store.ts';

/** Files that one statement takes. */
const CHUNK = 200;
/**
 * How old a content or a record must be before one without the other is an orphan, in milliseconds: older than any upload
 * may last, and any difference between clocks.
 */
const ORPHANED_MS = 86_400_000;

type SweepContext = Pick<AgentContext, 'store' | 'clock' | 'log'>;

/** Deletes files that have expired, and uploads that were never finished. */
export async function sweepExpired(
  { store, clock }: SweepContext,
  files: FileStore,
  signal: AbortSignal,
): Promise<void> {
  const db = store.read.withTables<FileTables>();
  await inChunks(CHUNK, signal, async (limit) => {
    const old = db
      .selectFrom('file')
      .select('id')
      .where('expiresAt', '<=', clock.now())
      .orderBy('expiresAt')
      .limit(limit);
    const gone = await db
      .deleteFrom('file')
      .where('id', 'in', old)
      // Said again, since this alone is looked at anew in a row that was locked: an upload that has begun keeps its record.
      .where('expiresAt', '<=', clock.now())
      .returning('key')
      .execute();
    for (const { key } of gone) if (key !== null) await files.delete(key);
    count('agora_files_swept_total', { why: 'EXPIRED' }, gone.length);
    return gone.length;
  });
}

/**
 * Compares the contents in the store with the records, both in the order of their keys: deletes contents without a
 * record, and marks records whose content is gone as LOST. That is taken back when the content is there again, such as
 * when a disk was not mounted.
 */
export async function sweepOrphans(
  context: SweepContext,
  { agent, files, isScanned }: OrphanOptions,
  signal: AbortSignal,
): Promise<void> {
  let from = '';
  for await (const batch of batchesOf(files.list(agent))) {
    if (signal.aborted) return;
    const to = batch.at(-1)!.key;
    await compare(context, { files, isScanned }, { batch, from, to });
    from = to;
  }
  await compare(context, { files, isScanned }, { batch: [], from, to: undefined });
}

/** Options of the comparison. */
interface OrphanOptions {
  agent: string;
  files: FileStore;
  /** Whether files are scanned: then one that is there again is scanned again, for who knows where it has been. */
  isScanned: boolean;
}

/** A stretch of keys: behind `from`, up to `to`. */
interface Stretch {
  batch: readonly StoredContent[];
  from: string;
  to: string | undefined;
}

async function compare(
  { store, clock, log }: SweepContext,
  { files, isScanned }: Omit<OrphanOptions, 'agent'>,
  { batch, from, to }: Stretch,
): Promise<void> {
  const db = store.read.withTables<FileTables>();
  const before = new Date(clock.now().getTime() - ORPHANED_MS);
  const there = new Set(batch.map(({ key }) => key));
  const known = new Set<string>();
  const lost: string[] = [];
  const found: string[] = [];
  for (let after = from, isMore = true; isMore; ) {
    let some = db.selectFrom('file').select(['id', 'key', 'status', 'createdAt']).where('key', '>', after);
    if (to !== undefined) some = some.where('key', '<=', to);
    const rows = await some.orderBy('key').limit(CHUNK).execute();
    for (const { id, key, status, createdAt } of rows) {
      known.add(key!);
      if (there.has(key!)) {
        if (status === 'LOST') found.push(id);
      } else if (status !== 'LOST' && createdAt < before) lost.push(id);
    }
    isMore = rows.length === CHUNK;
    after = rows.at(-1)?.key ?? after;
  }
  if (lost.length > 0) {
    log.error({ files: lost.slice(0, 20), number: lost.length }, 'contents of files are not in the store any more');
    await mark(lost, ['READY', 'UNSCANNED'], 'LOST');
  }
  if (found.length > 0) await mark(found, ['LOST'], isScanned ? 'UNSCANNED' : 'READY');
  for (const { key, storedAt } of batch)
    if (!known.has(key) && storedAt < before) {
      await files.delete(key);
      count('agora_files_swept_total', { why: 'ORPHANED' });
    }

  async function mark(ids: readonly string[], from: readonly FileStatus[], status: FileStatus): Promise<void> {
    await db.updateTable('file').set({ status }).where('id', '=', anyOf(ids)).where('status', 'in', from).execute();
  }
}

async function* batchesOf(contents: AsyncIterable<StoredContent>): AsyncGenerator<StoredContent[]> {
  let batch: StoredContent[] = [];
  for await (const content of contents) {
    batch.push(content);
    if (batch.length < CHUNK) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
