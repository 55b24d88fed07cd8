/** What the door of files answers where there is no content to give, and what it counts. */
import type { ServerResponse } from 'node:http';
import type { TransferOutcome } from '../../../platform/files/transfer.ts';
import { respondUnread } from '../../../platform/http/respond-unread.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { RETRY_AFTER_SECONDS } from '../../operations/mask-error.ts';

/** A refusal as its client sees it. */
export type Refused = readonly [status: number, code: string, message: string];

/** The refusal of each outcome at the agent. */
export const REFUSALS: Record<Exclude<TransferOutcome, 'GO' | 'STORED'>, Refused> = {
  UNKNOWN_LINK: [404, 'NOT_FOUND', 'This is no link to a file: use it exactly as you were given it.'],
  LINK_EXPIRED: [410, 'LINK_EXPIRED', 'This link has expired: ask for a new one.'],
  FILE_GONE: [410, 'FILE_GONE', 'This file is not there any more, or has not come yet.'],
  ALREADY_UPLOADED: [
    409,
    'ALREADY_UPLOADED',
    'The content of this file has come before: ask for its state. For another content, announce another file.',
  ],
  NOT_SCANNED: [409, 'NOT_SCANNED', 'This file is being scanned for viruses: try again in a moment.'],
  INFECTED: [410, 'FILE_INFECTED', 'The virus scanner found something in this file, and it was deleted.'],
};

/** Status of a content that is refused, by the code. */
export const CONTENT_STATUS: Record<string, number> = {
  FILE_TOO_LARGE: 413,
  FILE_INCOMPLETE: 400,
  FILE_KIND_MISMATCH: 415,
  REQUEST_TIMEOUT: 408,
  UPLOAD_REPEATED: 409,
};

/** Headers of a refusal that passes. */
export const RETRY = { 'retry-after': String(RETRY_AFTER_SECONDS) };

/** Counts a transfer that has ended. A look at the headers is none. */
export function ended(method: string | undefined, outcome: string): void {
  if (method !== 'HEAD') count('agora_file_transfers_total', { action: method === 'PUT' ? 'PUT' : 'GET', outcome });
}

/** Refuses a request. */
export function refuseFile(
  response: ServerResponse,
  [status, code, message]: Refused,
  headers: Record<string, string> = {},
): void {
  ended(response.req.method, code);
  respondUnread(response, status, { error: { code, message } }, headers);
}
