import type { ExecutionResult } from 'graphql';
import { resultWithoutHttp } from '../operations/without-http.ts';

/** One result for many readers, serialised once: an `ExecutionResult` whose text graphql-yoga and our sockets share. */
export interface Frame extends ExecutionResult {
  /** The JSON that a client reads. */
  readonly json: string;
  /** Its length in characters. */
  readonly size: number;
  /** Cursor of its event in the log, if the subscription has cursors. */
  readonly cursor: string | undefined;
  /** The method that graphql-yoga calls in place of `JSON.stringify`. */
  readonly stringify: () => string;
}

/**
 * Makes a frame.
 * @param failed makes the replacement for a result that is no JSON, as of a scalar that let a BigInt through
 */
export function frameOf(
  { data, errors, extensions }: ExecutionResult,
  failed: (error: unknown) => ExecutionResult,
  cursor?: string,
): Frame {
  const result: ExecutionResult = { ...(errors && { errors }), data, ...(extensions && { extensions }) };
  try {
    return asFrame(result, cursor);
  } catch (error) {
    return asFrame(failed(error), cursor);
  }
}

function asFrame(result: ExecutionResult, cursor: string | undefined): Frame {
  const json = JSON.stringify(resultWithoutHttp(result));
  return { ...result, json, size: json.length, cursor, stringify: () => json };
}
