import type { AgentContext } from '../agent/agent-context.ts';
import { count } from '../telemetry/metrics.ts';
import type { FileTables } from './file-entity.ts';
import type { FileScanner } from './file-scanner.ts';
import type { FileStore } from './file-store.ts';

/** Files that are scanned at once in a process; others wait for the scheduled job. */
const MAX_AT_ONCE = 2;
/** Most files per run of the scheduled job. */
const BATCH = 20;

/** Creates the scanning of an agent's files: at once when they have come, and again later where that failed. */
export function scanning(
  { store, clock, log }: Pick<AgentContext, 'store' | 'clock' | 'log'>,
  files: FileStore,
  scanner: FileScanner,
) {
  const db = store.read.withTables<FileTables>();
  let inHand = 0;
  /** The last file that {@link waiting} has tried: it goes on behind it, so that some that never get a verdict hold up no others. */
  let last = '';

  /** Scans one file that is not scanned yet. @throws Fault if there is no verdict */
  const scan = async (id: string): Promise<void> => {
    const unscanned = db.selectFrom('file').select('key').where('id', '=', id).where('status', '=', 'UNSCANNED');
    const file = await unscanned.executeTakeFirst();
    if (!file) return;
    const key = file.key!;
    const content = await files.get(key);
    // Also where the scanner has not read it to its end.
    const finding = await scanner.scan(content).finally(() => content.destroy());
    const verdict =
      finding === undefined ? { status: 'READY' as const } : { status: 'INFECTED' as const, finding, key: null };
    const judged = await db
      .updateTable('file')
      .set({ ...verdict, scannedAt: clock.now() })
      .where('id', '=', id)
      .where('status', '=', 'UNSCANNED')
      .returning('id')
      .execute();
    if (judged.length === 0) return;
    count('agora_file_scans_total', { verdict: verdict.status });
    if (finding === undefined) return;
    log.warn({ file: id, finding }, 'a file is infected and was deleted');
    // After the record: what a crash leaves is swept.
    await files.delete(key);
  };

  const tried = async (id: string): Promise<void> => {
    try {
      await scan(id);
    } catch (error) {
      count('agora_file_scans_total', { verdict: 'FAILED' });
      log.warn({ err: error, file: id }, 'a file could not be scanned, and will be tried again');
    }
  };

  return {
    /** Scans a file that has just come. */
    soon(id: string): void {
      if (inHand >= MAX_AT_ONCE) return;
      inHand += 1;
      void tried(id).finally(() => (inHand -= 1));
    },

    /** Scans what is not scanned: its scanner was away, its process died, or there were too many. */
    async waiting(signal: AbortSignal): Promise<void> {
      const all = db.selectFrom('file').select('id').where('status', '=', 'UNSCANNED').orderBy('id').limit(BATCH);
      const behind = await all.where('id', '>', last).execute();
      const batch = behind.length > 0 ? behind : await all.execute();
      for (const { id } of batch) {
        if (signal.aborted) return;
        last = id;
        await tried(id);
      }
    },
  };
}
