/**
 * Conditions and ranges of a request for a content that never changes (RFC 9110, 13 and 14). Its entity tag is strong,
 * and it has no date of change.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** The part of a content that is asked for. */
export interface ByteRange {
  /** The first byte, from 0. */
  start: number;
  /** Number of bytes. */
  length: number;
}

/** What to answer: the whole, a part of it, that nothing has changed, or why it is refused. */
export type Conditional = 'WHOLE' | 'NOT_MODIFIED' | 'PRECONDITION_FAILED' | 'RANGE_NOT_SATISFIABLE' | ByteRange;

/** Decides what these headers of a `GET` or `HEAD` ask for. Several ranges, and units that are no bytes, are ignored. */
export function conditionalOf(
  method: string,
  headers: IncomingHttpHeaders,
  { etag, bytes }: { etag: string; bytes: number },
): Conditional {
  const { 'if-match': match, 'if-none-match': noneMatch, 'if-range': ifRange, range } = headers;
  if (match !== undefined && !names(match, etag)) return 'PRECONDITION_FAILED';
  if (noneMatch !== undefined && names(noneMatch.replaceAll('W/"', '"'), etag)) return 'NOT_MODIFIED';
  // A range is defined for GET alone (14.2), and none of nothing.
  if (method !== 'GET' || range === undefined || bytes === 0) return 'WHOLE';
  if (ifRange !== undefined && ifRange !== etag) return 'WHOLE';
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(range) ?? [];
  if (first === '' && last === '') return 'WHOLE';
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'RANGE_NOT_SATISFIABLE' : { start: bytes - length, length };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return 'WHOLE';
  return start >= bytes ? 'RANGE_NOT_SATISFIABLE' : { start, length: end - start + 1 };
}

const names = (list: string, etag: string): boolean =>
  list.trim() === '*' || list.split(',').some((one) => one.trim() === etag);
