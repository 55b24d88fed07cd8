/**
 * The agent's side of a transfer over HTTP (gateway/http/files/respond-file.ts). The gateway knows no secrets and no records: it
 * brings a link, and is told what it may do; after an upload it tells what it has stored, and where. So a link is good
 * at every gateway, in the agent's process or not, and the bytes never pass through the graph.
 */
import { sql } from 'kysely';
import type { AgentContext } from '../agent/agent-context.ts';
import { columnsOf } from '../data/entity-table.ts';
import type { TransferFileInput } from '../graphql/shared.generated.ts';
import { type FileRow, FileSchema, type FileTables } from './file-entity.ts';
import type { FileAction, FileLinks } from './file-link.ts';
import { isKeyOf, keyFor } from './new-file.ts';
import { endOf, type FilePurposes } from './purpose.ts';
import { heldMs } from './upload-time.ts';

/** What the gateway is told. */
export type TransferOutcome =
  | 'GO'
  | 'STORED'
  | 'UNKNOWN_LINK'
  | 'LINK_EXPIRED'
  | 'FILE_GONE'
  | 'ALREADY_UPLOADED'
  | 'NOT_SCANNED'
  | 'INFECTED';

/** What the gateway may do. */
export interface Transfer {
  action: FileAction;
  key: string;
  bytes: number;
  name: string;
  mediaType: string;
}

/** The answer to the gateway; `transfer` with `GO` alone. */
export interface TransferAnswer {
  outcome: TransferOutcome;
  transfer?: Transfer;
}

/** The parts that transfers use. */
interface Parts {
  agent: string;
  links: FileLinks;
  purposes: FilePurposes;
  /** Whether new contents wait for a scan. */
  isScanned: boolean;
  onStored(id: string): void;
}

/** Creates the agent's side of transfers. */
export const transfers =
  ({ store, clock }: Pick<AgentContext, 'store' | 'clock'>, { agent, links, purposes, isScanned, onStored }: Parts) =>
  async ({ link, received }: TransferFileInput): Promise<TransferAnswer> => {
    const db = store.read.withTables<FileTables>();
    const linked = links.read(link);
    if (!linked) return { outcome: 'UNKNOWN_LINK' };
    const now = clock.now();
    const { action, id, expiresAt } = linked;
    // An upload that began in time may end later.
    if (expiresAt <= now && !received) return { outcome: 'LINK_EXPIRED' };
    const file: FileRow | undefined = await db
      .selectFrom('file')
      .select(columnsOf(FileSchema))
      .where('id', '=', id)
      .executeTakeFirst();
    if (!file) return { outcome: 'FILE_GONE' };
    const go = (key: string): TransferAnswer => ({ outcome: 'GO', transfer: transferOf(action, file, key) });
    if (action === 'GET') return file.status === 'READY' ? go(file.key!) : { outcome: WHY_NOT[file.status] };
    if (!received) {
      // The sweep must not take the record of an upload that has begun.
      const until = new Date(now.getTime() + heldMs(file.bytes));
      const held = await db
        .updateTable('file')
        .set({ expiresAt: sql<Date>`greatest(expires_at, ${until}::timestamptz)` })
        .where('id', '=', id)
        .returning('status')
        .executeTakeFirst();
      if (!held) return { outcome: 'FILE_GONE' };
      return held.status === 'AWAITED' ? go(keyFor(agent, id)) : { outcome: 'ALREADY_UPLOADED' };
    }

    const { key, sha256 } = received;
    // The gateway repeats itself, since our answer was lost.
    if (file.key === key) return { outcome: 'STORED' };
    if (!isKeyOf(key, agent, id)) return { outcome: 'UNKNOWN_LINK' };
    const stored = await db
      .updateTable('file')
      .set({
        key,
        sha256,
        status: isScanned ? 'UNSCANNED' : 'READY',
        expiresAt: endOf(purposes, file.purpose, now),
      })
      .where('id', '=', id)
      .where('status', '=', 'AWAITED')
      .returning('id')
      .execute();
    if (stored.length === 0) return { outcome: 'ALREADY_UPLOADED' };
    onStored(id);
    return { outcome: 'STORED' };
  };

/** Why a file cannot be fetched. */
const WHY_NOT = {
  AWAITED: 'FILE_GONE',
  UNSCANNED: 'NOT_SCANNED',
  READY: 'GO',
  INFECTED: 'INFECTED',
  LOST: 'FILE_GONE',
} as const satisfies Record<FileRow['status'], TransferOutcome>;

const transferOf = (action: FileAction, { bytes, name, mediaType }: FileRow, key: string): Transfer => ({
  action,
  key,
  bytes,
  name,
  mediaType,
});
