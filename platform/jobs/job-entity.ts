import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';
import type { Connection } from '../graphql/connection.ts';

/** The states of a job. */
export const JobStatus = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
} as const;
/** A state of a job. */
export type JobStatus = keyof typeof JobStatus;

/** Why a job failed, for people. */
export interface JobError {
  code: string;
  message: string;
}

/** A job (jobs.sql, job-tries.sql). */
export const JobSchema = defineEntity({
  name: 'Job',
  tableName: 'job',
  properties: {
    id: p.string().primary(),
    kind: p.string(),
    input: p.json<unknown>(),
    state: p.json<unknown>(),
    status: p.enum(() => JobStatus),
    isWorked: p.boolean().default(false),
    done: p.integer().default(0),
    total: p.integer().nullable(),
    message: p.string().nullable(),
    errors: p.json<readonly JobError[]>().defaultRaw(`'[]'`),
    ownerId: p.string().nullable(),
    startedBy: p.string(),
    attempts: p.integer().default(0),
    failures: p.integer().default(0),
    tries: p.integer().default(0),
    worker: p.string().nullable(),
    dueAt: p.datetime(),
    toldAt: p.datetime(),
    parts: p.integer().default(0),
    resultBytes: p.integer().default(0),
    resultId: p.string().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
  },
});

/** A part of a job's result (jobs.sql). */
export const JobPartSchema = defineEntity({
  name: 'JobPart',
  tableName: 'job_part',
  properties: {
    jobId: p.string().primary(),
    n: p.integer().primary(),
    content: p.blob(),
  },
});

/** The tables of jobs, for Kysely. */
export type JobTables = TablesOf<typeof JobSchema | typeof JobPartSchema>;
/** A job as it is read. */
export type JobRow = RowOf<typeof JobSchema>;
/** A page of jobs. */
export type JobConnectionRow = Connection<JobRow>;
