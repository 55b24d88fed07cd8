import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';

/** The states of a file: its content is awaited, not scanned yet, there to be fetched, infected, or lost. */
export const FileStatus = {
  AWAITED: 'AWAITED',
  UNSCANNED: 'UNSCANNED',
  READY: 'READY',
  INFECTED: 'INFECTED',
  LOST: 'LOST',
} as const;
/** A state of a file. */
export type FileStatus = keyof typeof FileStatus;

/** The record of a file (files.sql). Its content is in the store. */
export const FileSchema = defineEntity({
  name: 'File',
  tableName: 'file',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    mediaType: p.string(),
    bytes: p.integer(),
    purpose: p.string(),
    ownerId: p.string().nullable(),
    createdBy: p.string(),
    status: p.enum(() => FileStatus),
    key: p.string().nullable(),
    sha256: p.string().nullable(),
    finding: p.string().nullable(),
    scannedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});

/** The table of files, for Kysely. */
export type FileTables = TablesOf<typeof FileSchema>;
/** A file as it is read. */
export type FileRow = RowOf<typeof FileSchema>;
