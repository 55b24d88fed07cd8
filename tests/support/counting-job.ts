/**
 * A kind of jobs for tests of the runner: it counts from 1 to a number. Each chunk writes an effect, which has no unique
 * key, and a line of the result, so that a repetition shows in both.
 */
import { mkdirSync } from 'node:fs';
import { z } from 'zod';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/config.ts';
import { LiveLog } from '../../platform/events/live.ts';
import { createFiles, type Files } from '../../platform/files/files.ts';
import { defineJob, type JobKind } from '../../platform/jobs/job-kind.ts';
import { jobProgressed } from '../../platform/jobs/job-events.ts';
import { createJobs, type Jobs } from '../../platform/jobs/jobs.ts';
import type { RunnerPace } from '../../platform/jobs/runner.ts';
import { type Logger, silentLogger } from '../../platform/log.ts';
import { type Secrets, secretsWith } from '../../platform/secrets/secrets.ts';
import type { SmallFixture } from './small-agent.ts';

/** The event of the small agent's jobs. */
export const progressed = jobProgressed('small');

/** Secrets that all processes of a test share. */
export const testSecrets: Secrets = secretsWith([{ id: 'test', bytes: Buffer.alloc(32, 9) }]);

/** Called in the middle of a chunk's transaction. */
export type InChunk = (n: number, jobId: string) => Promise<void> | void;

/** Counts to `to`. */
export const counting = (name = 'count', inChunk: InChunk = () => {}): JobKind<{ to: number }, { n: number }> =>
  defineJob({
    name,
    input: z.object({ to: z.number().int() }),
    begin: () => ({ n: 0 }),
    async chunk({ id, input: { to }, state }) {
      const n = state.n + 1;
      return {
        state: { n },
        done: n,
        total: to,
        part: `{"n":${n}}\n`,
        isLast: n === to,
        locks: [`effects:${id}`],
        async apply({ sql }) {
          const effect = {
            consumer: name,
            eventId: '00000000-0000-0000-0000-000000000000',
            aggregateId: id,
            version: n,
          };
          await sql.insertInto('effect').values(effect).execute();
          await inChunk(n, id);
        },
      };
    },
    result: { purpose: 'result', mediaType: 'application/x-ndjson', nameOf: ({ id }) => `${id}.jsonl` },
  });

/** The jobs of a process of the small agent, and what they need. */
export interface SmallJobs {
  jobs: Jobs;
  files: Files;
  live: LiveLog;
}

/** Creates the jobs of one process of the small agent, with their results in this folder. */
export function smallJobs(
  { store, kysely, notifier }: SmallFixture,
  dir: string,
  {
    kinds = [counting()],
    pace,
    log = silentLogger,
  }: { kinds?: JobKind[]; pace?: Partial<RunnerPace>; log?: Logger } = {},
): SmallJobs {
  mkdirSync(dir, { recursive: true });
  const config = readConfig({ NODE_ENV: 'test', FILES_DIR: dir });
  const live = new LiveLog({ kysely, notifier, log });
  const context = { store, clock: systemClock, log, config, secrets: testSecrets, live };
  const files = createFiles('small', context, {
    result: { types: ['application/x-ndjson'], maxBytes: 1_000_000, keptDays: 7 },
  });
  return { files, live, jobs: createJobs('small', context, { kinds, files, progressed, pace }) };
}
