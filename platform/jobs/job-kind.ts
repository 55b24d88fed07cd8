import type { z } from 'zod';
import type { MediaType } from '../files/media-types.ts';
import type { Work } from '../store/store.ts';

/** A job as its chunk sees it. */
export interface JobInHand<Input, State> {
  id: string;
  input: Input;
  /** Where this chunk begins. */
  state: State;
  /** How much earlier chunks have done. */
  done: number;
  ownerId: string | null;
  startedBy: string;
  /** Aborts when the process stops, or the chunk takes too long. Nothing of the chunk is kept then. */
  signal: AbortSignal;
}

/** What a chunk has prepared. All of it is one transaction: it happens once, or not at all. */
export interface JobChunk<State> {
  /** Where the next chunk begins. */
  state: State;
  /** How much is done with this chunk, in all. It never falls. */
  done: number;
  /** How much there is to do in all, once that is known. */
  total?: number;
  /** Something to be told of the job, for people: at most 500 characters, without personal data. */
  message?: string;
  /** What it adds to the result, in UTF-8: at most 4 MiB. */
  part?: string;
  /** Whether nothing is left to do. */
  isLast?: boolean;
  /** Locks that `apply` needs, taken in the transaction's first statement. */
  locks?: readonly string[];
  /** The effect. Another process may have begun the same chunk: of the two, one is kept. */
  apply?(work: Work): Promise<void>;
}

/** A chunk that cannot be done yet, since what it waits for has not come: it is asked again soon, then more seldom. */
export interface JobWaits {
  waits: true;
}

/** A kind of jobs. */
export interface JobKind<Input = any, State = any> {
  /** The mutation that starts it: `exportProducts`. */
  name: string;
  /** Schema of the input: ids and figures, never personal data. Checked when the job is started and when it runs. */
  input: z.ZodType<Input>;
  /** Where the first chunk begins. */
  begin(input: Input): State;
  /**
   * Prepares the next chunk: reads what it needs and asks others, outside of any transaction. Its effect is `apply`.
   * A chunk takes a second or so.
   * @throws Refusal that ends the job: it fails with these errors. Any other error is tried again
   */
  chunk(job: JobInHand<Input, State>): Promise<JobChunk<State> | JobWaits>;
  /** The file that the parts are put together in. Without parts there is none. */
  result?: { purpose: string; mediaType: MediaType; nameOf(job: { id: string; input: Input }): string };
}

/** Defines a kind of jobs, with its types inferred. */
export const defineJob = <Input, State>(kind: JobKind<Input, State>): JobKind<Input, State> => kind;
