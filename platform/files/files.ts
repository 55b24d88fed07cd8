/**
 * The files of an agent: their records in its own schema, their contents in the store that all processes share. Clients
 * send and fetch contents over HTTP by signed links (gateway/http/files/respond-file.ts).
 */
import type { Readable } from 'node:stream';
import type { AgentContext } from '../agent/agent-context.ts';
import type { ScheduledJob } from '../agent/define-agent.ts';
import { anyOf } from '../data/any-of.ts';
import { columnsOf } from '../data/entity-table.ts';
import { lock } from '../data/locks.ts';
import { matching, matches, type RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { loadOne } from '../graphql/per-request.ts';
import type { CreateFileUploadInput, TransferFileInput } from '../graphql/shared.generated.ts';
import { newId } from '../ids.ts';
import type { Work } from '../store/store.ts';
import { configuredScanner, configuredStore } from './configured.ts';
import { putChecked } from './content-check.ts';
import { type FileRow, FileSchema, type FileTables } from './file-entity.ts';
import { fileLinks } from './file-link.ts';
import type { FileScanner } from './file-scanner.ts';
import type { FileStore } from './file-store.ts';
import type { MediaType } from './media-types.ts';
import { keyFor } from './new-file.ts';
import { checkAnnounced, endOf, type FilePurposes } from './purpose.ts';
import { checkQuota, quotaLock } from './quota.ts';
import { scanning } from './scan.ts';
import { sweepExpired, sweepOrphans } from './sweep.ts';
import { type TransferAnswer, transfers } from './transfer.ts';

/** How long a link to send a content is good, in milliseconds: an upload is to begin by then. */
const UPLOAD_MS = 3_600_000;
/** How long a link to fetch a content is good, in milliseconds. Another one is had for the asking. */
const DOWNLOAD_MS = 600_000;
/** The most uploads of one caller that are announced and not finished. */
const MAX_AWAITED = 100;

/** A link as the graph shows it. */
export interface FileLink {
  url: string;
  expiresAt: Date;
}

/** A file that an agent makes itself. */
export interface MadeFile {
  name: string;
  mediaType: MediaType;
  purpose: string;
  bytes: number;
  ownerId: string | null;
  createdBy: string;
}

/** A content that is stored, and has no record yet: {@link Files.record} makes one. */
export type StoredFile = MadeFile & { id: string; key: string; sha256: string };

/** An agent's files. */
export interface Files {
  /** Announces an upload. @throws Refusal INVALID_INPUT, INVALID_STATE for too many unfinished ones, or a full quota */
  announce(
    input: CreateFileUploadInput,
    by: { ownerId: string | null; context: RequestContext },
  ): Promise<{ file: FileRow; upload: FileLink }>;
  /** Files by their ids, of any owner: whose they are is for the caller to check. */
  load: ReturnType<typeof loadOne<FileRow>>;
  /** The file with this id if it is among these rows. */
  visible(id: string, rows: RowFilter): Promise<FileRow | null>;
  /** A file that can be read now. @throws Refusal NOT_FOUND, INVALID_INPUT, INVALID_STATE */
  ready(id: string, options: { rows: RowFilter; purpose: string; path: readonly string[] }): Promise<FileRow>;
  /** Reads the content of a file that is ready. @param start its first byte @throws Fault FILE_MISSING */
  read(file: Pick<FileRow, 'key'>, start?: number): Promise<Readable>;
  /**
   * Stores a content that the agent has made. Without a record it is swept after a day.
   * @throws Refusal for a kind, INVALID_STATE for a full quota
   */
  put(file: MadeFile, content: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  /**
   * Makes the record of a stored content, in the transaction of what it is the result of.
   * @throws Refusal INVALID_STATE for a quota that others have filled meanwhile
   */
  record(work: Work, file: StoredFile): Promise<void>;
  /** Deletes a stored content that has got no record, and is in nobody's quota. Does nothing to one that has. */
  discard(file: StoredFile): Promise<void>;
  /** The agent's side of a transfer: the resolver of its field `transfer<Agent>File`. */
  transfer(input: TransferFileInput): Promise<TransferAnswer>;
  /** Resolvers of the type `File`: add them to the agent's resolvers. */
  resolvers: object;
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

/** What {@link createFiles} takes instead of what is configured, for tests. */
export interface FilesWith {
  files?: FileStore;
  scanner?: FileScanner;
}

/**
 * Creates the files of the agent of this name. Its definition must say `files: true`, which gives it their table.
 * @throws Fault NOT_CONFIGURED for a bucket without a key
 */
export function createFiles(
  agent: string,
  agentContext: Pick<AgentContext, 'store' | 'clock' | 'config' | 'log' | 'secrets'>,
  purposes: FilePurposes,
  { files = configuredStore(agentContext.config), scanner = configuredScanner(agentContext.config) }: FilesWith = {},
): Files {
  const { store, clock, config, secrets } = agentContext;
  const db = store.read.withTables<FileTables>();
  const FILE = columnsOf(FileSchema);
  const links = fileLinks(secrets, agent, config.PUBLIC_URL?.replace(/\/$/, ''));
  const scans = scanner && scanning(agentContext, files, scanner);
  const linkTo = (action: 'PUT' | 'GET', id: string, ms: number): FileLink => {
    const expiresAt = new Date(clock.now().getTime() + ms);
    return { url: links.urlOf({ action, id, expiresAt }), expiresAt };
  };
  const quota = (now: Date) => ({ now, mebibytes: config.FILES_QUOTA_MIB });
  const byId = (id: string) => db.selectFrom('file').select(FILE).where('id', '=', id);

  return {
    async announce({ name, mediaType, bytes, purpose }, { ownerId, context }) {
      const type = checkAnnounced(purposes, { mediaType, bytes, purpose });
      const createdBy = context.actor.id;
      const id = newId('file');
      const createdAt = clock.now();
      const upload = linkTo('PUT', id, UPLOAD_MS);
      const { expiresAt } = upload;
      const row = { id, name, mediaType: type, bytes, purpose, ownerId, createdBy, createdAt, expiresAt };
      const locks = [`uploads:${createdBy}`, quotaLock(agent, row)];
      await store.write({ locks, origin: context }, async (work) => {
        const tables = work.sql.withTables<FileTables>();
        const awaited = tables
          .selectFrom('file')
          .select('id')
          .where('createdBy', '=', createdBy)
          .where('status', '=', 'AWAITED')
          .where('expiresAt', '>', createdAt)
          .limit(MAX_AWAITED);
        if ((await awaited.execute()).length === MAX_AWAITED)
          throw refuse(
            'INVALID_STATE',
            `${MAX_AWAITED} uploads of yours were announced and not finished: send their contents first, or wait for their links to expire.`,
          );
        await checkQuota(tables, row, quota(createdAt));
        await work.insert(FileSchema, { ...row, status: 'AWAITED' });
      });
      return { file: (await byId(id).executeTakeFirst())!, upload };
    },

    load: loadOne<FileRow>(
      (ids) => db.selectFrom('file').select(FILE).where('id', '=', anyOf(ids)).execute(),
      (row) => row.id,
    ),

    visible: async (id, rows) => (await byId(id).where(matching(rows)).executeTakeFirst()) ?? null,

    async ready(id, { rows, purpose, path }) {
      const file: FileRow | undefined = await byId(id).executeTakeFirst();
      if (!file || !matches(file, rows)) throw refuse('NOT_FOUND', 'There is no such file, or it is not yours.', path);
      if (file.purpose !== purpose)
        throw refuse('INVALID_INPUT', `This file is for another purpose: upload one for “${purpose}”.`, path);
      if (file.status !== 'READY') throw refuse('INVALID_STATE', NOT_READY[file.status], path);
      return file;
    },

    read: ({ key }, start) => files.get(key!, start),

    async put(file, content) {
      await checkQuota(db, file, quota(clock.now()));
      const id = newId('file');
      const key = keyFor(agent, id);
      return { ...file, id, key, sha256: await putChecked(files, key, content, file) };
    },

    async record(work, file) {
      const createdAt = clock.now();
      // As the last lock, as numbers are drawn: it orders no events, and who holds it waits for no other.
      await lock(work.sql, [quotaLock(agent, file)]);
      await checkQuota(work.sql.withTables<FileTables>(), file, quota(createdAt));
      await work.insert(FileSchema, {
        ...file,
        status: 'READY',
        createdAt,
        expiresAt: endOf(purposes, file.purpose, createdAt),
      });
    },

    async discard({ id, key }) {
      if (!(await byId(id).executeTakeFirst())) await files.delete(key);
    },

    transfer: transfers(agentContext, {
      agent,
      links,
      purposes,
      isScanned: scans !== undefined,
      onStored: (id) => scans?.soon(id),
    }),

    resolvers: {
      File: {
        download: ({ id, status }: FileRow) => (status === 'READY' ? linkTo('GET', id, DOWNLOAD_MS) : null),
      },
    },

    scheduledJobs: [
      { name: 'sweep expired files', everySeconds: 3600, run: (signal) => sweepExpired(agentContext, files, signal) },
      {
        name: 'sweep orphans of files',
        everySeconds: 3600,
        run: (signal) => sweepOrphans(agentContext, { agent, files, isScanned: scans !== undefined }, signal),
      },
      ...(scans ? [{ name: 'scan files', everySeconds: 30, run: scans.waiting }] : []),
    ],
  };
}

/** Why a file cannot be read now, and what to do. */
const NOT_READY = {
  AWAITED: 'Its content is still awaited: send it to the `upload` link first.',
  UNSCANNED: 'It is being scanned for viruses: try again in a moment.',
  INFECTED: 'The virus scanner found something in it, and it was deleted: send another file.',
  LOST: 'Its content is not in the store any more: upload it again.',
} as const;
